/** What happens to a request once its route is known. */
import { shortHash } from '../../../core/hash.ts'
import type { Check } from '../../../model/unit.ts'
import { page } from './pages.ts'
import type { ServedRoute } from './plan-routes.ts'
import { renderSlots } from './slots.ts'
import type { Slot } from './slots.ts'
import { isProbeTarget, literalPattern, literalReplacement } from './text.ts'
import { routeTimeoutMs } from './timeouts.ts'

export function backendSection(route: ServedRoute, slots: readonly Slot[]): readonly string[] {
  const { source, section } = route
  const check = serverCheck(source.check, route.host === '*' ? 'localhost' : route.host)
  const http2 = source.protocol === 'http' && (source.app === 'http2' || source.app === 'grpc')
  return [
    `backend ${section}`,
    ...(source.protocol === 'http' ? httpRules(route) : []),
    ...check.lines,
    ...renderSlots(slots, `${http2 ? ' proto h2' : ''}${check.options}`),
    '',
  ]
}

function httpRules(route: ServedRoute): readonly string[] {
  const { source, section, allow } = route
  return [
    `  timeout server ${routeTimeoutMs(route)}ms`,
    ...(allow.length === 0
      ? []
      : [
          `  http-request return status 403 ${page('this address may not use the route')} unless { src ${allow.join(' ')} }`,
        ]),
    ...(source.sticky ? stickyRules(section) : []),
    ...rewriteRules(route),
  ]
}

/** The cookie tells the instance by a hash of its address: a slot that another instance gets is another cookie. */
function stickyRules(section: string): readonly string[] {
  return [
    `  cookie escale-${shortHash(section, 8)} insert indirect nocache httponly dynamic attr "SameSite=Lax"`,
    `  dynamic-cookie-key ${shortHash([section, 'sticky'], 24)}`,
  ]
}

function rewriteRules({ source, path, rewrite }: ServedRoute): readonly string[] {
  if (rewrite === undefined || rewrite === path) return []
  const target = literalReplacement(rewrite)
  if (source.match === 'exact') return [`  http-request set-path '${target}'`]
  const prefix = path === '/' ? '' : literalPattern(path)
  const base = rewrite.endsWith('/') ? target.slice(0, -1) : target
  if (base !== '') return [`  http-request replace-path '^${prefix}(/.*)?$' '${base}\\1'`]
  // Of a path that is the prefix alone nothing would be left.
  return [`  http-request replace-path '^${prefix}/*$' '/'`, `  http-request replace-path '^${prefix}(/.*)$' '\\1'`]
}

/** `ready` decides traffic. What the proxy cannot ask in its own terms (grpc, exec) is asked as tcp, or left to the engine. */
function serverCheck(
  check: Check | undefined,
  host: string,
): { readonly lines: readonly string[]; readonly options: string } {
  if (check === undefined || check.probe.kind === 'exec') return { lines: [], options: '' }
  const { probe, intervalMs, timeoutMs, failures } = check
  const options = ` check port ${probe.port} inter ${intervalMs}ms fastinter ${Math.min(intervalMs, 1000)}ms fall ${failures} rise 1`
  const timeout = `  timeout check ${timeoutMs}ms`
  switch (probe.kind) {
    case 'http':
    case 'https': {
      const tls = probe.kind === 'https' ? ' check-ssl verify none' : ''
      // A target that has no safe form here is not asked for: the port answers or it does not.
      if (!isProbeTarget(probe.path)) return { lines: [timeout], options: `${options}${tls}` }
      const request = `  http-check send meth GET uri '${probe.path}' ver HTTP/1.1 hdr host '${host}' hdr user-agent escale`
      return {
        lines: ['  option httpchk', request, '  http-check expect status 200-399', timeout],
        options: `${options}${tls}`,
      }
    }
    case 'tcp':
    case 'grpc':
      return { lines: [timeout], options }
  }
}
