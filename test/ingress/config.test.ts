import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ActiveRoute } from '../../lib/model/routing.ts'
import { renderProxyConfig } from '../../lib/targets/docker/ingress/config.ts'
import type { ProxyConfig } from '../../lib/targets/docker/ingress/config.ts'
import { planRoutes } from '../../lib/targets/docker/ingress/plan-routes.ts'
import { backend, route } from './routes.ts'

const options = { publicPort: 80, maxConnections: 4000, hardStopAfterMs: 300_000, trustedProxies: [] }

const configsOf = (routes: readonly ActiveRoute[], previous?: string): readonly ProxyConfig[] =>
  planRoutes(routes).proxies.map((proxy) =>
    renderProxyConfig(proxy, previous === undefined ? options : { ...options, previous }),
  )

const http = { kind: 'http', path: '/up?deep=1', port: 8080 } as const
const check = { probe: http, intervalMs: 5000, timeoutMs: 2000, failures: 3 }
const shop = { project: 'team-a', app: 'shop', environment: 'staging' }

const examples: readonly ActiveRoute[] = [
  route({ backends: [backend('10.0.0.2')] }),
  route({
    key: shop,
    host: 'Shop.Example.com',
    check,
    sticky: true,
    timeoutMs: 300_000,
    backends: [
      backend('10.0.1.2', { weight: 0.99 }),
      backend('10.0.1.3', { weight: 0.01, track: 'next' }),
      backend('10.0.1.4', { state: 'draining' }),
    ],
  }),
  route({
    key: shop,
    service: 'api',
    host: 'shop.example.com',
    path: '/api/v1.0',
    rewrite: '/',
    allow: ['10.0.0.0/8'],
    backends: [backend('10.0.1.5')],
  }),
  route({
    key: shop,
    service: 'api',
    route: 'exact',
    host: 'shop.example.com',
    path: '/health',
    match: 'exact',
    rewrite: '/up',
    public: false,
  }),
  route({
    key: shop,
    service: 'rpc',
    host: 'rpc.example.com',
    app: 'grpc',
    check: { ...check, probe: { kind: 'grpc', port: 9000 } },
    backends: [backend('10.0.1.6', { port: 9000 })],
  }),
  route({
    key: shop,
    service: 'db',
    route: 'pg',
    protocol: 'tcp',
    listen: 5432,
    app: 'raw',
    allow: ['10.0.0.0/8'],
    backends: [backend('10.0.1.7', { port: 5432 })],
  }),
]

test('the shared proxy and that of a port of its own are as the golden files say', async () => {
  const [shared, own] = configsOf(examples)
  await expect(shared?.text).toMatchFileSnapshot('golden/http.cfg')
  await expect(JSON.stringify(shared?.tables, null, 2)).toMatchFileSnapshot('golden/http.tables.json')
  await expect(own?.text).toMatchFileSnapshot('golden/listen-5432.cfg')
})

test('the same routes in another order and over another file mean the same', () => {
  const [first] = configsOf(examples)
  const [again] = configsOf(
    [...examples].reverse().map((one) => ({ ...one, backends: [...one.backends].reverse() })),
    configsOf(examples.slice(0, 3))[0]?.text,
  )
  expect(again?.hash).toBe(first?.hash)
})

test('any change of what is served is another hash', () => {
  const hash = (change: Partial<ActiveRoute>): string | undefined =>
    configsOf([route({ backends: [backend('10.0.0.2')], ...change })])[0]?.hash
  const changes: Partial<ActiveRoute>[] = [
    {},
    { host: 'a.test' },
    { path: '/a' },
    { match: 'exact' },
    { rewrite: '/b' },
    { sticky: true },
    { timeoutMs: 1 },
    { allow: ['10.0.0.1'] },
    { public: false },
    { check },
    { backends: [] },
    { backends: [backend('10.0.0.2', { state: 'draining' })] },
    { app: 'grpc' },
  ]
  expect(new Set(changes.map(hash)).size).toBe(changes.length)
})

test('a route that cannot be served is a problem, and the others are served', () => {
  const plan = planRoutes([route(), route({ route: 'bad', host: 'a b' }), route({ route: 'worse', path: '/\n' })])
  expect(plan.problems.map(({ code, value }) => ({ code, value }))).toEqual([
    { code: 'invalid-format', value: 'a b' },
    { code: 'invalid-format', value: '/\n' },
  ])
  expect(plan.proxies[0]?.routes.map(({ source }) => source.route)).toEqual(['main'])
})

test('two routes for one place are a problem of the second', () => {
  const plan = planRoutes([route(), route({ key: shop })])
  expect(plan.problems).toMatchObject([{ code: 'name-taken', value: 'team-a/shop/staging/web.main' }])
})

test('udp routes are handed back, tcp routes need a port, TLS that is not served is said', () => {
  const plan = planRoutes([
    route({ route: 'dns', protocol: 'udp', listen: 53 }),
    route({ route: 'raw', protocol: 'tcp' }),
    route({ route: 'pass', tls: 'passthrough' }),
  ])
  expect(plan.published.map((one) => one.route)).toEqual(['dns'])
  expect(plan.problems.map(({ code }) => code)).toEqual(['invalid-format', 'backend-cannot'])
})

const directives =
  /^(global|defaults (http|tcp)|frontend (http|tcp)|backend [a-z0-9.-]+| {2}(expose-experimental-directives|log|stats|hard-stop-after|maxconn|set-var|mode|option|retries|retry-on|balance|timeout|http-error|bind|unique-id-format|http-request|http-after-response|use_backend|default_backend|tcp-request|cookie|dynamic-cookie-key|http-check|server)( .*)?)?$/

/** Lines that hold nothing of any route. */
const ownLines = new Set(configsOf([]).flatMap(({ text }) => text.split('\n')))

/** Words outside quotes never begin a comment, a variable or an escape, and quotes are closed on their line. */
function isPlain(line: string): boolean {
  const bare = line.replace(/'[^']*'/g, '').replace(/"(?:[^"\\$]|\\.)*"/g, '')
  return !/['"\\#$`]/.test(bare) && /^[\x20-\x7e]*$/.test(line)
}

test('no text of a route gets into the file but as the text it is', () => {
  const hostile = fc
    .array(
      fc.constantFrom(
        'a',
        '/',
        '.',
        '-',
        '\n',
        '\r',
        '\0',
        ' ',
        '\t',
        '"',
        "'",
        '#',
        '\\',
        '%[src]',
        '${HOME}',
        '%',
        '%0a',
        '%27',
        '}',
        '{',
        '|',
        ',',
        ';',
        '(',
        '*',
        '\nINJECTED',
        'ä',
        '127.0.0.1',
        '10.0.0.1',
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join(''))
  const absolute = hostile.map((text) => `/${text}`)
  const fields = fc.record({
    host: fc.option(hostile, { nil: undefined }),
    path: absolute,
    rewrite: fc.option(absolute, { nil: undefined }),
    allow: fc.array(hostile, { maxLength: 2 }),
    match: fc.constantFrom('prefix', 'exact'),
    service: fc.oneof(fc.constant('web'), hostile),
    probe: absolute,
    address: fc.oneof(fc.constant('10.0.0.9'), hostile),
    protocol: fc.constantFrom('http', 'tcp'),
  })
  fc.assert(
    fc.property(fields, ({ host, rewrite, probe, address, match, protocol, ...rest }) => {
      const one = route({
        ...rest,
        match: match === 'exact' ? 'exact' : 'prefix',
        ...(protocol === 'tcp' ? { protocol, listen: 7000 } : {}),
        ...(host === undefined ? {} : { host }),
        ...(rewrite === undefined ? {} : { rewrite }),
        check: { ...check, probe: { kind: 'http', path: probe, port: 80 } },
        backends: [backend(address)],
      })
      for (const { text, tables } of configsOf([one])) {
        for (const line of text.split('\n')) {
          expect(line).toMatch(directives)
          expect(ownLines.has(line) || isPlain(line), line).toBe(true)
        }
        for (const table of Object.values(tables)) expect(table).toMatch(/^([\x21-\x7e]+ [a-z0-9.-]+\n)*$/)
      }
    }),
    { numRuns: 2000 },
  )
})
