/** The proxy's files, from routes. Pure: the same routes give the same text. */
import { shortHash } from '../../../core/hash.ts'
import type { ProxyPlan, ServedRoute } from './plan-routes.ts'
import { backendSection } from './backend-section.ts'
import { httpFrontend, tcpFrontend } from './frontend-section.ts'
import { assignSlots, readSlots } from './slots.ts'
import type { Slot } from './slots.ts'
import { proxyHome, tablesFolder, workerPort } from './places.ts'

export interface ProxyConfigOptions {
  /** The port callers use, for `X-Forwarded-Port`. */
  readonly publicPort: number
  /** Connections at once; each takes two file descriptors. */
  readonly maxConnections: number
  /** How long connections of before a reload may go on. */
  readonly hardStopAfterMs: number
  /** Proxies in front of this one, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  /** The file in force, whose slots are kept. */
  readonly previous?: string
}

export interface ProxyConfig {
  /** Of what is meant, whatever slots it sits in: equal hashes need no change. */
  readonly hash: string
  readonly text: string
  /** Tables by file name; the text names them in the folder `tablesFolder(hash of the tables)`. */
  readonly tables: Readonly<Record<string, string>>
  readonly tablesHash: string
}

export function renderProxyConfig(plan: Pick<ProxyPlan, 'kind' | 'routes'>, options: ProxyConfigOptions): ProxyConfig {
  const tables = plan.kind === 'http' ? routeTables(plan.routes) : {}
  const tablesHash = shortHash(tables)
  const kept = options.previous === undefined ? new Map<string, readonly Slot[]>() : readSlots(options.previous)
  const render = (hash: string, previous: ReadonlyMap<string, readonly Slot[]>): string =>
    [
      ...globalSection(hash, options),
      ...(plan.kind === 'http'
        ? httpFrontend(plan.routes, { ...options, folder: tablesFolder(tablesHash) })
        : tcpFrontend(plan.routes)),
      ...plan.routes.flatMap((route) =>
        backendSection(route, assignSlots(route.source.backends, previous.get(route.section) ?? [])),
      ),
      '',
    ].join('\n')
  const hash = shortHash({ text: render('', new Map()), tables })
  return { hash, text: render(hash, kept), tables, tablesHash }
}

function globalSection(hash: string, { maxConnections, hardStopAfterMs }: ProxyConfigOptions): readonly string[] {
  return [
    'global',
    // For normalize-uri, without which a path can be written so that it slips past a narrower route.
    '  expose-experimental-directives',
    '  log stdout format raw daemon notice',
    `  stats socket 127.0.0.1:${workerPort} level admin`,
    // Hands listening sockets to the next worker on reload.
    `  stats socket ${proxyHome}/worker.sock mode 600 level admin expose-fd listeners`,
    `  hard-stop-after ${hardStopAfterMs}ms`,
    `  maxconn ${maxConnections}`,
    // Tells the running worker's configuration apart from the file's.
    `  set-var proc.escale str(${hash === '' ? 'none' : hash})`,
    '',
  ]
}

/** The longest key that begins a request's host and path wins; keys end on a slash, so only whole segments count. */
function routeTables(routes: readonly ServedRoute[]): Readonly<Record<string, string>> {
  const lines = (entries: readonly (readonly [string, string])[]): string =>
    [...entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key} ${value}\n`)
      .join('')
  const of = (match: 'prefix' | 'exact'): readonly ServedRoute[] =>
    routes.filter(({ source }) => source.match === match)
  const hosts = [...new Set(routes.map(({ host }) => host))].filter((host) => host !== '*')
  return {
    'hosts.map': lines(hosts.map((host) => [host, host])),
    'exact.map': lines(of('exact').map(({ host, path, section }) => [`${host}${path}`, section])),
    'prefix.map': lines(
      of('prefix').map(({ host, path, section }) => [path === '/' ? `${host}/` : `${host}${path}/`, section]),
    ),
  }
}
