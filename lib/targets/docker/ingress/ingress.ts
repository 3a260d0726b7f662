/**
 * The ingress of a machine of the cluster: proxies in containers, which serve the routes they are given. Why so:
 * docs/decisions/ingress-proxy.md. Everything can be repeated: what is already so is left alone.
 */
import type { Clock, Log } from '../../../core/deps.ts'
import { EscaleError } from '../../../core/errors.ts'
import type { Problem } from '../../../core/problems.ts'
import type { Site } from '../../../model/app.ts'
import type { ActiveRoute } from '../../../model/routing.ts'
import type { Engine } from '../engine/engine.ts'
import type { CallOptions } from '../engine/call.ts'
import { renderProxyConfig } from './config.ts'
import type { ProxyConfig } from './config.ts'
import { writeProxy } from './control.ts'
import type { WriteKind } from './control.ts'
import { connectedNetworks, connectNetwork, disconnectNetwork } from './networks.ts'
import { planRoutes, sharedProxy } from './plan-routes.ts'
import type { ProxyPlan } from './plan-routes.ts'
import { ensureProxy, proxyContainers, removeProxy } from './proxy.ts'
import type { RunningProxy } from './proxy.ts'

export interface IngressOptions {
  readonly site: Site
  /** The engine of the machine that the proxies run on. */
  readonly engine: () => Promise<Engine>
  /** Stands on that machine already, or can be pulled by it. */
  readonly image: string
  /** Ports for routes without one of their own: the first that is free, then kept. */
  readonly httpPorts: readonly number[]
  /** Name or address under which the machine is reached, for the addresses that are answered. */
  readonly address: string
  readonly clock: Clock
  readonly log: Log
  readonly maxConnections?: number
  readonly hardStopAfterMs?: number
  readonly trustedProxies?: readonly string[]
}

export interface RouteAddress {
  readonly route: Pick<ActiveRoute, 'key' | 'service' | 'route'>
  /** `http://shop.example.com:8080/api`, or `tcp://host:5432`. */
  readonly url: string
}

export interface ApplyResult {
  readonly changed: boolean
  readonly proxies: readonly {
    readonly name: string
    readonly port: number
    readonly started: boolean
    readonly write: WriteKind
  }[]
  /** Where each route answers. */
  readonly addresses: readonly RouteAddress[]
  /** Routes that are no proxy's: UDP, which the target publishes on the machine. */
  readonly published: readonly ActiveRoute[]
  /** What is not served, and why; everything else is. */
  readonly problems: readonly Problem[]
}

export interface Ingress {
  /** Makes the shared proxy exist and run; answers the port it got. */
  ensure(signal?: AbortSignal): Promise<{ readonly port: number }>
  /** Serves these routes and no others. */
  apply(routes: readonly ActiveRoute[], signal?: AbortSignal): Promise<ApplyResult>
  /** Lets go of a network now, so that it can be removed. */
  release(networkId: string, signal?: AbortSignal): Promise<void>
  /** Ends all proxies of this installation. */
  remove(signal?: AbortSignal): Promise<void>
}

/** A network that no route needs any more is kept this long, for what is still under way. */
const lingerMs = 60_000

const writeTimeoutMs = 30_000

export function createIngress(options: IngressOptions): Ingress {
  const unneededSinceMs = new Map<string, number>()
  let last: Promise<unknown> = Promise.resolve()
  /** One at a time: two writers of one file would undo each other. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work)
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    ensure: (signal) =>
      inTurn(async () => {
        const { port } = await startProxy(await options.engine(), options, { name: sharedProxy }, callOf(signal))
        return { port }
      }),
    apply: (routes, signal) => inTurn(() => applyRoutes(options, unneededSinceMs, routes, callOf(signal))),
    release: (networkId, signal) =>
      inTurn(async () => {
        const engine = await options.engine()
        for (const container of (await proxyContainers(engine, options.site, callOf(signal))).values())
          if (connectedNetworks(container).includes(networkId))
            await disconnectNetwork(engine, container.Id, networkId, callOf(signal))
      }),
    remove: (signal) =>
      inTurn(async () => {
        const engine = await options.engine()
        for (const [proxy, container] of await proxyContainers(engine, options.site, callOf(signal)))
          await removeProxy(engine, { site: options.site, proxy }, container, callOf(signal))
      }),
  }
}

const callOf = (signal: AbortSignal | undefined): CallOptions => (signal === undefined ? {} : { signal })

function startProxy(
  engine: Engine,
  options: IngressOptions,
  { name, listen }: Pick<ProxyPlan, 'name' | 'listen'>,
  call: CallOptions,
): Promise<RunningProxy> {
  const { site, image, log } = options
  return ensureProxy(
    engine,
    { site, image, log, proxy: name, ports: listen === undefined ? options.httpPorts : [listen] },
    call,
  )
}

async function applyRoutes(
  options: IngressOptions,
  unneededSinceMs: Map<string, number>,
  routes: readonly ActiveRoute[],
  call: CallOptions,
): Promise<ApplyResult> {
  const engine = await options.engine()
  const plan = planRoutes(routes)
  const problems: Problem[] = [...plan.problems]
  const proxies: ApplyResult['proxies'][number][] = []
  const addresses: RouteAddress[] = []
  let ended = 0
  // Ports that are not wanted any more first: another route may want them as the shared one.
  for (const [name, container] of await proxyContainers(engine, options.site, call)) {
    if (plan.proxies.some((proxy) => proxy.name === name)) continue
    await removeProxy(engine, { site: options.site, proxy: name }, container, call)
    ended++
  }
  for (const proxy of plan.proxies) {
    const running = await startOrExplain(engine, options, proxy, problems, call)
    if (running === undefined) continue
    await connectAll(engine, options.log, proxy, running, call)
    const render = (previous: string | undefined): ProxyConfig =>
      renderProxyConfig(proxy, configOptions(options, running, previous))
    const write = await writeProxy(engine, running.container, render, { timeoutMs: writeTimeoutMs, ...call })
    await dropUnneeded(engine, options.clock, unneededSinceMs, proxy, running, call)
    proxies.push({ name: proxy.name, port: running.port, started: running.started, write })
    addresses.push(...addressesOf(proxy, options.address, running.port))
  }
  const changed = ended > 0 || proxies.some(({ started, write }) => started || write !== 'none')
  if (changed)
    options.log.info('routes applied', { proxies: proxies.map(({ name, write }) => `${name}: ${write}`), ended })
  return { changed, proxies, addresses, published: plan.published, problems }
}

/** A port of its own that is taken is a problem of its route; the others are served. */
async function startOrExplain(
  engine: Engine,
  options: IngressOptions,
  proxy: ProxyPlan,
  problems: Problem[],
  call: CallOptions,
): Promise<RunningProxy | undefined> {
  try {
    return await startProxy(engine, options, proxy, call)
  } catch (error) {
    if (proxy.listen === undefined || !(error instanceof EscaleError) || error.code !== 'name-taken') throw error
    problems.push(...error.problems)
    return undefined
  }
}

const configOptions = (
  options: IngressOptions,
  running: RunningProxy,
  previous: string | undefined,
): Parameters<typeof renderProxyConfig>[1] => ({
  publicPort: running.port,
  maxConnections: options.maxConnections ?? 4000,
  hardStopAfterMs: options.hardStopAfterMs ?? 300_000,
  trustedProxies: options.trustedProxies ?? [],
  ...(previous === undefined ? {} : { previous }),
})

async function connectAll(
  engine: Engine,
  log: Log,
  proxy: ProxyPlan,
  running: RunningProxy,
  call: CallOptions,
): Promise<void> {
  for (const id of proxy.networkIds) {
    if (running.networkIds.includes(id)) continue
    const there = await connectNetwork(engine, running.container, id, call)
    if (!there) log.warn('the network of a route is gone', { network: id, proxy: proxy.name })
  }
}

async function dropUnneeded(
  engine: Engine,
  clock: Clock,
  unneededSinceMs: Map<string, number>,
  proxy: ProxyPlan,
  running: RunningProxy,
  call: CallOptions,
): Promise<void> {
  const nowMs = clock.nowMs()
  for (const id of running.networkIds) {
    const entry = `${running.container} ${id}`
    if (proxy.networkIds.includes(id)) {
      unneededSinceMs.delete(entry)
      continue
    }
    const sinceMs = unneededSinceMs.get(entry)
    if (sinceMs === undefined) unneededSinceMs.set(entry, nowMs)
    else if (nowMs - sinceMs >= lingerMs) {
      await disconnectNetwork(engine, running.container, id, call)
      unneededSinceMs.delete(entry)
    }
  }
}

function addressesOf(proxy: ProxyPlan, address: string, port: number): readonly RouteAddress[] {
  return proxy.routes.map(({ source, host, path }) => {
    const name = host === '*' ? address : host
    const authority =
      (name.includes(':') ? `[${name}]` : name) + (proxy.kind === 'http' && port === 80 ? '' : `:${port}`)
    const route = { key: source.key, service: source.service, route: source.route }
    return { route, url: proxy.kind === 'tcp' ? `tcp://${authority}` : `http://${authority}${path}` }
  })
}
