/** Where requests come in and find their route. */
import { canonicalRange } from './text.ts'
import { errorPages, page } from './pages.ts'
import { containerPort } from './places.ts'
import type { ServedRoute } from './plan-routes.ts'
import { defaultTimeoutMs, routeTimeoutMs, tunnelTimeoutMs } from './timeouts.ts'

export interface HttpFrontendOptions {
  readonly publicPort: number
  readonly trustedProxies: readonly string[]
  readonly folder: string
}

export function httpFrontend(routes: readonly ServedRoute[], options: HttpFrontendOptions): readonly string[] {
  const { publicPort, folder } = options
  const clientTimeoutMs = Math.max(defaultTimeoutMs, ...routes.map(routeTimeoutMs))
  const trusted = options.trustedProxies.flatMap((range) => canonicalRange(range) ?? [])
  return [
    'defaults http',
    '  mode http',
    // A connection to an instance serves one request: one that the instance closes while idle (Node: after 5 s) would
    // else take the next request down with it.
    '  option http-server-close',
    // On a reload: a kept connection is closed with its next answer, not under a request that is on its way.
    '  option idle-close-on-response',
    '  option dontlognull',
    '  retries 3',
    '  option redispatch 1',
    // What was never sent is safe to send again; an empty answer only where the method is (see the frontend).
    '  retry-on conn-failure empty-response',
    '  balance roundrobin',
    '  timeout connect 2s',
    '  timeout http-request 15s',
    '  timeout http-keep-alive 60s',
    '  timeout queue 5s',
    `  timeout client ${clientTimeoutMs}ms`,
    `  timeout server ${defaultTimeoutMs}ms`,
    `  timeout tunnel ${tunnelTimeoutMs}ms`,
    ...errorPages,
    '',
    'frontend http',
    `  bind :${containerPort}`,
    '  unique-id-format %[uuid()]',
    '  http-request set-var(txn.id) req.hdr(x-request-id) if { req.hdr(x-request-id) -m reg ^[A-Za-z0-9._:/+=-]{1,128}$ }',
    '  http-request set-var(txn.id) unique-id unless { var(txn.id) -m found }',
    '  http-after-response set-header x-request-id %[var(txn.id)]',
    '  http-after-response del-header server',
    '  http-request normalize-uri path-strip-dot',
    '  http-request normalize-uri path-strip-dotdot full',
    '  http-request normalize-uri percent-decode-unreserved strict',
    '  http-request set-var(txn.host) req.hdr(host),host_only,lower,regsub([.]$,)',
    '  http-request set-var(txn.path) path,url_dec,regsub(//+,/,g)',
    `  http-request set-var(txn.vhost) var(txn.host),map_str(${folder}/hosts.map,*)`,
    `  http-request set-var(txn.route) var(txn.vhost),concat(,txn.path),map_str(${folder}/exact.map)`,
    `  http-request set-var(txn.route) var(txn.vhost),concat(,txn.path,/),map_beg(${folder}/prefix.map) unless { var(txn.route) -m found }`,
    `  http-request return status 404 ${page('no route answers for host \\"%[var(txn.host)]\\" and path \\"%[path]\\"')} unless { var(txn.route) -m found }`,
    ...(trusted.length === 0
      ? ['  http-request del-header x-forwarded-for']
      : [`  http-request del-header x-forwarded-for unless { src ${trusted.join(' ')} }`]),
    '  option forwardfor',
    '  http-request set-header x-forwarded-proto http',
    '  http-request set-header x-forwarded-host %[req.hdr(host)]',
    `  http-request set-header x-forwarded-port ${publicPort}`,
    '  http-request set-header x-request-id %[var(txn.id)]',
    '  http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    '  use_backend %[var(txn.route)]',
    '',
  ]
}

export function tcpFrontend(routes: readonly ServedRoute[]): readonly string[] {
  const [route] = routes
  const idleMs = route === undefined ? tunnelTimeoutMs : routeTimeoutMs(route)
  return [
    'defaults tcp',
    '  mode tcp',
    '  option clitcpka',
    '  option srvtcpka',
    '  option dontlognull',
    '  retries 3',
    '  option redispatch 1',
    '  balance roundrobin',
    '  timeout connect 2s',
    '  timeout queue 5s',
    `  timeout client ${idleMs}ms`,
    `  timeout server ${idleMs}ms`,
    '',
    'frontend tcp',
    `  bind :${containerPort}`,
    ...(route === undefined || route.allow.length === 0
      ? []
      : [`  tcp-request connection reject unless { src ${route.allow.join(' ')} }`]),
    ...(route === undefined ? ['  tcp-request connection reject'] : [`  default_backend ${route.section}`]),
    '',
  ]
}
