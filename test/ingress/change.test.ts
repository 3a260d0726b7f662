import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandLines, planChange, readServersState, strayServers } from '../../lib/targets/docker/ingress/change.ts'
import type { RunningServer } from '../../lib/targets/docker/ingress/change.ts'
import { renderProxyConfig } from '../../lib/targets/docker/ingress/config.ts'
import { planRoutes } from '../../lib/targets/docker/ingress/plan-routes.ts'
import { readSlots } from '../../lib/targets/docker/ingress/slots.ts'
import type { ActiveRoute } from '../../lib/model/routing.ts'
import { backend, route } from './routes.ts'

function textOf(routes: readonly ActiveRoute[], previous?: string): string {
  const [proxy] = planRoutes(routes).proxies
  if (proxy === undefined) throw new Error('there is always the shared proxy')
  const options = { publicPort: 80, maxConnections: 100, hardStopAfterMs: 1000, trustedProxies: [] }
  return renderProxyConfig(proxy, previous === undefined ? options : { ...options, previous }).text
}

/** A worker that starts on a file and obeys commands. */
function simulate(file: string, commands: readonly string[]): readonly RunningServer[] {
  const servers = new Map<string, { address: string; weight: number; active: boolean }>()
  for (const [section, slots] of readSlots(file))
    for (const [index, { server }] of slots.entries())
      servers.set(`${section}/s${index + 1}`, { ...(server ?? { address: '127.0.0.1:1', weight: 1, active: false }) })
  for (const command of commands) {
    const [, , name = '', what, value = '', , port] = command.split(' ')
    const server = servers.get(name)
    if (server === undefined) throw new Error(`no server ${name}`)
    if (what === 'addr') server.address = `${value}:${port}`
    if (what === 'weight') server.weight = Number(value)
    if (what === 'state') server.active = value === 'ready'
  }
  return [...servers].map(([name, server]) => ({ name, ...server, down: false }))
}

const backends = fc
  .uniqueArray(
    fc.record({
      place: fc.integer({ min: 1, max: 30 }),
      weight: fc.integer({ min: 0, max: 100 }),
      draining: fc.boolean(),
    }),
    {
      selector: ({ place }) => place,
      maxLength: 12,
    },
  )
  .map((all) =>
    all.map(({ place, weight, draining }) =>
      backend(`10.0.0.${place}`, { weight, state: draining ? 'draining' : 'ready' }),
    ),
  )

test('the commands lead a worker from any instances to any others, where no reload is needed', () => {
  fc.assert(
    fc.property(backends, backends, (before, after) => {
      const previous = textOf([route({ backends: before })])
      const next = textOf([route({ backends: after })], previous)
      const change = planChange(previous, next, simulate(previous, []))
      const started = change.kind === 'runtime' ? previous : next
      expect(strayServers(next, simulate(started, change.commands))).toEqual([])
    }),
  )
})

test('while the commands run there is always somebody who takes requests', () => {
  const takers = (servers: readonly RunningServer[]): number =>
    servers.filter(({ active, weight }) => active && weight > 0).length
  fc.assert(
    fc.property(backends, backends, (before, after) => {
      const previous = textOf([route({ backends: before })])
      const next = textOf([route({ backends: after })], previous)
      const change = planChange(previous, next, simulate(previous, []))
      if (change.kind === 'reload' || takers(simulate(previous, [])) === 0 || takers(simulate(next, [])) === 0) return
      for (let count = 0; count <= change.commands.length; count++)
        expect(takers(simulate(previous, change.commands.slice(0, count)))).toBeGreaterThan(0)
    }),
  )
})

test('another share is one command', () => {
  const previous = textOf([route({ backends: [backend('10.0.0.1'), backend('10.0.0.2')] })])
  const next = textOf([route({ backends: [backend('10.0.0.1'), backend('10.0.0.2', { weight: 0.5 })] })], previous)
  expect(planChange(previous, next, [])).toEqual({
    kind: 'runtime',
    commands: ['set server default.hello.default.web.main/s2 weight 128'],
  })
})

test('another route is a reload, and so is a worker of which it is not known what it runs', () => {
  const previous = textOf([route()])
  expect(planChange(previous, textOf([route({ host: 'a.test' })], previous), []).kind).toBe('reload')
  expect(planChange(previous, previous, undefined).kind).toBe('reload')
})

test('a server whose check failed stays down over a reload, wherever its slot is', () => {
  const previous = textOf([route({ backends: [backend('10.0.0.1'), backend('10.0.0.2')] })])
  const next = textOf([route({ timeoutMs: 5, backends: [backend('10.0.0.2')] })], previous)
  const running = simulate(previous, []).map((server) => ({ ...server, down: server.address === '10.0.0.2:80' }))
  expect(planChange(previous, next, running).commands).toEqual([
    'set server default.hello.default.web.main/s2 health down',
  ])
})

test('the state of servers is read as the proxy prints it', () => {
  const text = [
    '1',
    '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord',
    '3 a.b 1 s1 10.0.0.1 2 0 100 100 1 1 0 2 0 0 0 0 - 9 - 0 0 - - 0',
    '3 a.b 2 s2 127.0.0.1 0 5 1 1 1 1 0 0 8 0 0 0 - 1 - 0 0 - - 0',
    '3 a.b 3 s3 10.0.0.3 0 0 7 1 1 1 0 0 8 0 0 0 - 80 - 0 0 - - 0',
  ].join('\n')
  expect(readServersState(text)).toEqual([
    { name: 'a.b/s1', address: '10.0.0.1:9', weight: 100, active: true, down: false },
    { name: 'a.b/s2', address: '127.0.0.1:1', weight: 1, active: false, down: false },
    { name: 'a.b/s3', address: '10.0.0.3:80', weight: 7, active: true, down: true },
  ])
})

test('commands share lines up to the limit', () => {
  expect(commandLines(['aa', 'bb', 'cc'], 6)).toEqual(['aa; bb', 'cc'])
})
