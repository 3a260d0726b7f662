import { expect, it } from 'vitest'
import { freshRuntime } from '../../../lib/model/release.ts'
import { isEngineError } from '../../../lib/targets/docker/engine/errors.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, createDriver, shell, web } from './driver.ts'

describeWithEngine('modes of services', { images: ['busybox'] }, (tools) => {
  it('run one instance on each node when perNode, and none when stopped', async () => {
    const driver = await createDriver(tools().engine, tools().prefix, 'node')
    const agent = app([web('agent', { env: { NODE: { kind: 'instance', fact: 'name' } } }, { mode: 'perNode' })])
    const first = await driver.apply(agent)
    const unit = await driver.ready('agent', 1)
    expect(unit.desired).toBeUndefined()
    expect(unit.instances[0]?.slot).toBe(`agent-${unit.instances[0]?.node}`)
    expect(await shell(tools().engine, unit, 'echo $NODE')).toBe(`agent-${unit.instances[0]?.node}\n`)
    expect(await driver.differences(first.rendered)).toEqual([])

    const stopped = await driver.apply(agent, { runtime: { ...freshRuntime, stopped: ['agent'] } })
    await driver.until('no instance', ({ units }) => units[0]?.instances.every(({ wanted }) => !wanted))
    expect(await driver.differences(stopped.rendered)).toEqual([])
  })

  it('give each ordinal of a stateful service its name and its own volume, which replacement keeps', async () => {
    const { engine, prefix } = tools()
    const driver = await createDriver(engine, prefix, 'state')
    const db = (text: string) =>
      app(
        [
          web(
            'db',
            {
              env: { TEXT: { kind: 'text', text }, ME: { kind: 'instance', fact: 'name' } },
              mounts: [{ kind: 'volume', path: '/data', volume: 'data', readOnly: false, from: 'services.db.mounts' }],
            },
            { mode: 'stateful', scale: { min: 2, max: 2, schedule: {} } },
          ),
        ],
        { volumes: [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }] },
      )
    const first = await driver.apply(db('one'))
    const ready = async (count: number) => {
      await driver.ready('db', count)
      return (await driver.observe()).units
        .filter(({ unit }) => unit === 'db')
        .toSorted((a, b) => a.resource.localeCompare(b.resource))
    }
    const [zero, one] = (await ready(2)).map((unit) => ({
      ...unit,
      instances: unit.instances.filter(({ wanted }) => wanted),
    }))
    expect([zero?.resource, one?.resource]).toEqual(['service/db-0', 'service/db-1'])
    expect(await driver.differences(first.rendered)).toEqual([])
    expect(
      await shell(
        engine,
        zero!,
        'hostname; echo $ME; echo zero > /data/x; nslookup db-1 >/dev/null && nslookup db-1.db >/dev/null && echo found',
      ),
    ).toBe('db-0\ndb-0\nfound\n')
    expect(await shell(engine, one!, 'hostname; ls /data')).toBe('db-1\n')
    expect(await shell(engine, one!, "nslookup db 2>/dev/null | grep -c '^Address.*10\\.'")).toMatch(/^[23]\n$/)

    await driver.apply(db('two'))
    const again = await driver.until('both of the second release', ({ units }) => {
      const fresh = units.map((unit) => ({
        ...unit,
        instances: unit.instances.filter(
          ({ wanted, state, nativeId }) =>
            wanted && state === 'ready' && ![zero, one].some((old) => old?.instances[0]?.nativeId === nativeId),
        ),
      }))
      return fresh.length === 2 && fresh.every(({ instances }) => instances.length === 1) ? fresh : undefined
    })
    expect(
      await shell(
        engine,
        again.find(({ resource }) => resource === 'service/db-0')!,
        'echo $TEXT; cat /data/x',
      ),
    ).toBe('two\nzero\n')

    // Fewer ordinals: the service goes, its data stays.
    await driver.apply({
      ...db('two'),
      units: db('two').units.map((unit) =>
        unit.kind === 'service' ? { ...unit, scale: { min: 1, max: 1, schedule: {} } } : unit,
      ),
    })
    const left = (await driver.observe()).resources.map(({ id }) => id).toSorted()
    expect(left).toEqual(['network/default', 'service/db-0', 'volume/data@db-0', 'volume/data@db-1'])
  })

  it('keep their number in a range to whoever moves it', async () => {
    const { engine, prefix } = tools()
    const driver = await createDriver(engine, prefix, 'range')
    const ranged = (text: string) =>
      app([web('web', { env: { TEXT: { kind: 'text', text } } }, { scale: { min: 1, max: 3, schedule: {} } })])
    const first = await driver.apply(ranged('one'))
    await driver.ready('web', 1)
    /** By hand, over the version that is read just before: the swarm itself writes in between now and then. */
    const scale = async (replicas: number): Promise<void> => {
      for (let tries = 0; ; tries++) {
        const [service] = await engine.services.list({ filters: { label: [`io.escale.app=${driver.key.app}`] } })
        const spec = { ...service!.Spec, Mode: { Replicated: { Replicas: replicas } } }
        try {
          return void (await engine.services.update(service!.ID, service!.Version.Index, spec))
        } catch (error) {
          if (tries === 5 || !isEngineError(error, 'outOfSequence')) throw error
        }
      }
    }
    await scale(2)
    await driver.ready('web', 2)
    expect(await driver.differences(first.rendered)).toEqual([])
    await driver.apply(ranged('two'))
    await driver.ready('web', 2)
    const [after] = await engine.services.list({ filters: { label: [`io.escale.app=${driver.key.app}`] } })
    expect(after?.Spec.Mode?.Replicated?.Replicas).toBe(2)
    // Outside of the range it is drift.
    await scale(4)
    expect((await driver.differences(driver.render(ranged('two')))).map(({ path }) => path)).toEqual([
      'Mode.Replicated.Replicas',
    ])
  })
})
