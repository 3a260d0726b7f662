import { beforeAll, expect, it } from 'vitest'
import type { ObservedUnit } from '../../../lib/model/observed.ts'
import type { Rendered } from '../../../lib/targets/target.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, createDriver, httpd, shell, web } from './driver.ts'
import type { Driver } from './driver.ts'

const page = { path: '/www/index.html', content: { kind: 'text' as const, text: 'here\n' }, from: 'files' }
const serving = { command: httpd(8080), files: [page] }

const networks = [
  { name: 'front', internal: false, scope: 'app' as const },
  { name: 'back', internal: true, scope: 'app' as const },
]

const three = app(
  [
    web('web', serving, { networks: ['front'], aliases: ['www', 'shop_web'] }),
    web('api', serving, { networks: ['front', 'back'] }),
    web('db', serving, { networks: ['back'] }),
    web('alone', {}, { networks: [] }),
  ],
  { networks },
)

const fetchLine = (name: string, port = 8080): string => `timeout 4 wget -q -O - http://${name}:${port}/ 2>&1; echo $?`

describeWithEngine('networks of an app', { images: ['busybox'] }, (tools) => {
  let driver: Driver
  let rendered: Rendered
  const units: Record<string, ObservedUnit> = {}
  const from = (unit: string, line: string): Promise<string> => {
    const known = units[unit]
    if (known === undefined) throw new Error(`no unit ${unit}`)
    return shell(tools().engine, known, line, 15_000)
  }
  const addressOf = (unit: string, network: string): string => units[unit]?.instances[0]?.addresses?.[network] ?? ''

  beforeAll(async () => {
    driver = await createDriver(tools().engine, tools().prefix, 'net')
    rendered = (await driver.apply(three)).rendered
    for (const name of ['web', 'api', 'db', 'alone']) units[name] = await driver.ready(name, 1)
  })

  it('differ in nothing from what was sent', async () => {
    expect(await driver.differences(rendered)).toEqual([])
  })

  it('let services reach each other by name and alias', async () => {
    expect(await from('web', fetchLine('api'))).toBe('here\n0\n')
    expect(await from('api', fetchLine('web'))).toBe('here\n0\n')
    expect(await from('api', fetchLine('www'))).toBe('here\n0\n')
    expect(await from('api', fetchLine('shop_web'))).toBe('here\n0\n')
    expect(await from('api', fetchLine('db'))).toBe('here\n0\n')
  })

  it('hide the names of services on other networks', async () => {
    // 143: an engine without a way out asks in vain for unknown names until the time limit.
    expect(await from('web', fetchLine('db'))).toMatch(/(bad address.*\n1|143)\n$/s)
  })

  it('let no packet through to an address on another network', async () => {
    expect(addressOf('db', 'back')).toMatch(/^\d/)
    // No answer of any kind until the time limit, or the machine itself knows of no way.
    expect(await from('web', fetchLine(addressOf('db', 'back')))).toMatch(/(unreachable\n1|143)\n$/)
  })

  it('have no way out when internal, and one when not', async () => {
    expect(await from('db', 'ip route | grep -c default; timeout 3 wget -q -O - http://192.0.2.1/ 2>&1')).toMatch(
      /^0\n.*unreachable/s,
    )
    expect(await from('web', 'ip route | grep -c default')).toBe('1\n')
  })

  it('lead nowhere where the list is empty', async () => {
    expect(await from('alone', 'ip route | grep -c default')).toBe('0\n')
    for (const name of ['web', addressOf('web', 'front'), addressOf('db', 'back'), '192.0.2.1'])
      expect(await from('alone', fetchLine(name)), name).toMatch(/bad address|unreachable|143\n$/)
  })

  it('of the project are shared by its apps and go with the last of them', async () => {
    const { engine, prefix } = tools()
    const shared = { networks: [{ name: 'common', internal: false, scope: 'project' as const }] }
    const one = await createDriver(engine, prefix, 'one')
    const two = await createDriver(engine, prefix, 'two')
    await one.apply(app([web('alpha', serving, { networks: ['common'] })], shared))
    const second = await two.apply(app([web('beta', {}, { networks: ['common'] })], shared))
    await one.ready('alpha', 1)
    const beta = await two.ready('beta', 1)
    expect(await shell(engine, beta, fetchLine('alpha'))).toBe('here\n0\n')
    expect(await two.differences(second.rendered)).toEqual([])
    await two.remove()
    expect((await one.observe()).resources.map(({ id }) => id)).toContain('network/common')
    await one.remove()
    expect((await one.observe()).resources).toEqual([])
  })
})
