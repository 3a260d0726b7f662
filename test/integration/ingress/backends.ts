/** Small services for the proxy to stand in front of. */
import type { RouteBackend } from '../../../lib/model/routing.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import { backend as plainBackend } from '../../ingress/routes.ts'

/** Answers its label; `/slow` takes as long as it says in `?ms=`; `/up` follows what `/set?ready=` said; `/headers` and `/path` tell what arrived. */
const serverScript = `
const http = require('node:http')
let ready = true
http.createServer((request, response) => {
  const url = new URL(request.url, 'http://x')
  if (url.pathname === '/set') { ready = url.searchParams.get('ready') === 'yes'; return response.end('ok') }
  if (url.pathname === '/up') { response.statusCode = ready ? 200 : 503; return response.end() }
  if (url.pathname === '/who') return response.end(request.socket.localAddress.replace('::ffff:', ''))
  if (url.pathname.endsWith('/headers')) return response.end(JSON.stringify(request.headers))
  if (url.pathname.endsWith('/slow')) return void setTimeout(() => response.end(process.env.LABEL), Number(url.searchParams.get('ms')))
  if (url.pathname.endsWith('/break')) return request.socket.destroy()
  response.setHeader('server', 'secret/1.0')
  response.end(process.env.LABEL + ' ' + request.url)
}).on('upgrade', (request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n')
  socket.on('error', () => undefined)
  socket.pipe(socket)
}).listen(8000)
require('node:http2').createServer((request, response) => response.end('h2 ' + request.httpVersion)).listen(9000)
`

export interface Backends {
  readonly service: string
  readonly networkId: string
  addresses(): Promise<readonly string[]>
  /** Kills one instance without a word to the proxy. */
  kill(address: string): Promise<void>
  scale(replicas: number): Promise<void>
}

export interface BackendsRequest {
  readonly name: string
  readonly label: string
  readonly replicas?: number
  readonly networkId: string
  readonly image?: string
  readonly command?: readonly string[]
  readonly constraints?: readonly string[]
}

export async function makeNetwork(engine: Engine, name: string): Promise<string> {
  return (await engine.networks.create({ Name: name, Driver: 'overlay', Attachable: true })).Id
}

export async function startBackends(engine: Engine, request: BackendsRequest): Promise<Backends> {
  const { name, label, networkId, replicas = 1 } = request
  await engine.services.create({
    Name: name,
    Mode: { Replicated: { Replicas: replicas } },
    TaskTemplate: {
      ContainerSpec: {
        Image: request.image ?? 'escale.local/node:24',
        ...(request.command?.length === 0 ? {} : { Command: request.command ?? ['node', '-e', serverScript] }),
        Env: [`LABEL=${label}`],
        Init: true,
        StopGracePeriod: 1_000_000_000,
      },
      Networks: [{ Target: networkId }],
      RestartPolicy: { Condition: 'none' },
      Placement: { Constraints: request.constraints ?? [] },
    },
    EndpointSpec: { Mode: 'dnsrr' },
  })
  const tasks = async (): Promise<readonly { address: string; container: string }[]> =>
    (await engine.tasks.list({ filters: { service: [name], 'desired-state': ['running'] } })).flatMap(
      ({ Status, NetworksAttachments }) => {
        const address = NetworksAttachments?.[0]?.Addresses?.[0]?.split('/')[0]
        const container = Status.ContainerStatus?.ContainerID
        return Status.State === 'running' && address !== undefined && container !== undefined
          ? [{ address, container }]
          : []
      },
    )
  const states = async (): Promise<string> =>
    (await engine.tasks.list({ filters: { service: [name] } }))
      .map(({ Slot, DesiredState, Status }) => `${Slot} ${DesiredState}/${Status.State} ${Status.Err ?? ''}`)
      .join(', ')
  const settle = async (count: number): Promise<void> => {
    const untilMs = Date.now() + 30_000
    while ((await tasks()).length !== count) {
      if (Date.now() > untilMs) throw new Error(`${name} did not come to ${count} instances: ${await states()}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  await settle(replicas)
  return {
    service: name,
    networkId,
    addresses: async () => (await tasks()).map(({ address }) => address).sort(),
    kill: async (address) => {
      const found = (await tasks()).find((task) => task.address === address)
      if (found === undefined) throw new Error(`no instance of ${name} at ${address}`)
      await engine.containers.kill(found.container, { killSignal: 'SIGKILL' })
    },
    scale: async (count) => {
      const { ID, Version, Spec } = await engine.services.inspect(name)
      await engine.services.update(ID, Version.Index, { ...Spec, Mode: { Replicated: { Replicas: count } } })
      await settle(count)
    },
  }
}

/** An instance of `startBackends`. */
export const backend = (address: string, change: Partial<RouteBackend> = {}): RouteBackend =>
  plainBackend(address, { port: 8000, ...change })
