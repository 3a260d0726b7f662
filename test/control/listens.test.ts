import { describe, expect, it } from 'vitest'
import { withListens } from '../../lib/control/listens.ts'
import type { Route } from '../../lib/model/unit.ts'
import { testPlatform } from '../support/platform.ts'
import { key, service, spec } from '../support/specs.ts'

const route = (name: string): Route => ({
  name,
  path: '/',
  match: 'prefix',
  port: 'http',
  protocol: 'tcp',
  listen: 'auto',
  tls: 'none',
  redirectHttp: false,
  sticky: false,
  allow: [],
  public: true,
})
const app = spec([service('web', { routes: [route('a'), route('b')] })])
const listens = (made: typeof app) =>
  made.units.flatMap((unit) => (unit.kind === 'service' ? unit.routes.map(({ listen }) => listen) : []))

describe('a route with `listen: auto`', () => {
  it('gets a port of its own in the range of node ports', async () => {
    const { deps } = await testPlatform()
    const ports = listens(await withListens(deps, key, 'local', app, false))
    expect(new Set(ports).size).toBe(2)
    for (const port of ports) expect(port).toSatisfy((number: number) => number >= 30_000 && number < 32_768)
  })

  it('keeps its port over releases', async () => {
    const { deps } = await testPlatform()
    const first = listens(await withListens(deps, key, 'local', app, false))
    expect(listens(await withListens(deps, key, 'local', app, false))).toEqual(first)
  })

  it('gets another port where an app has the one it would take', async () => {
    const { deps } = await testPlatform()
    const [would] = listens(await withListens(deps, key, 'local', app, true))
    await deps.store.claim('listen/local', [`${would}/tcp`], 'default/other/default')
    const ports = listens(await withListens(deps, key, 'local', app, false))
    expect(ports).not.toContain(would)
  })

  it('claims nothing for a plan', async () => {
    const { deps } = await testPlatform()
    await withListens(deps, key, 'local', app, true)
    expect(await deps.store.claims('listen/local', 'default/shop/default')).toEqual([])
  })
})
