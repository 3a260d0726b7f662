import { expect, it } from 'vitest'
import { freshRuntime } from '../../../lib/model/release.ts'
import type { Observed } from '../../../lib/model/observed.ts'
import type { ServiceUnit } from '../../../lib/model/unit.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, createDriver, shell, web } from './driver.ts'

describeWithEngine('updates of a service', { images: ['busybox'] }, (tools) => {
  const driverFor = (name: string) => createDriver(tools().engine, tools().prefix, name)
  const release = (text: string, change: Partial<ServiceUnit> = {}, main: Parameters<typeof web>[1] = {}) =>
    app([
      web(
        'web',
        { env: { TEXT: { kind: 'text', text } }, stop: { graceMs: 1_000, drainMs: 0 }, ...main },
        { scale: { min: 2, max: 2, schedule: {} }, ...change },
      ),
    ])
  const running = ({ units }: Observed): number =>
    units[0]?.instances.filter(({ state }) => state === 'ready' || state === 'stopping').length ?? 0

  it('start new instances first, never more than the surge, never below the floor', async () => {
    const driver = await driverFor('roll')
    await driver.apply(release('one'))
    await driver.ready('web', 2)
    const { rendered } = await driver.apply(release('two'))
    const template = rendered.resources.find(({ id }) => id === 'service/web')?.template
    const counts: { readonly running: number; readonly ready: number }[] = []
    await driver.until('the end of the update', (observed) => {
      const ready = observed.units[0]?.instances.filter(({ wanted, state }) => wanted && state === 'ready') ?? []
      counts.push({ running: running(observed), ready: ready.length })
      return (
        ready.length === 2 &&
        ready.every((instance) => instance.template === template) &&
        observed.units[0]?.rollout?.state === 'completed'
      )
    })
    expect(Math.max(...counts.map((count) => count.running))).toBeLessThanOrEqual(3)
    expect(Math.min(...counts.map((count) => count.ready))).toBeGreaterThanOrEqual(2)
    expect(await driver.differences(rendered)).toEqual([])
  })

  it('stop at the first instance that fails, and go back at once when told to', async () => {
    const driver = await driverFor('bad')
    const good = release('one')
    await driver.apply(good)
    await driver.ready('web', 2)
    await driver.apply(release('bad', {}, { command: ['sh', '-c', 'exit 9'] }))
    const stopped = await driver.until('the stop', ({ units }) =>
      units[0]?.rollout?.state === 'stopped' ? units[0] : undefined,
    )
    expect(stopped.rollout?.reason).toMatch(/paused due to failure/)
    // Those of the first release that were not replaced yet go on.
    expect(stopped.instances.filter(({ wanted, state }) => wanted && state === 'ready').length).toBeGreaterThanOrEqual(
      1,
    )
    const back = await driver.apply(good, { pace: 'immediate' })
    await driver.ready('web', 2)
    expect(await driver.differences(back.rendered)).toEqual([])
    const observed = await driver.observe()
    expect(observed.units[0]?.rollout?.id).not.toBe(stopped.rollout?.id)
  })

  it('stop all first when told to recreate', async () => {
    const driver = await driverFor('recreate')
    const recreate = (text: string) => {
      const [unit] = release(text).units
      return app([{ ...unit!, update: { ...(unit as ServiceUnit).update, strategy: 'recreate' } } as ServiceUnit])
    }
    const first = await driver.apply(recreate('one'))
    await driver.ready('web', 2)
    const { rendered } = await driver.apply(recreate('two'))
    const mixed: boolean[] = []
    await driver.until('both of the second release', ({ units }) => {
      const ready = units[0]?.instances.filter(({ state }) => state === 'ready') ?? []
      mixed.push(new Set(ready.map(({ template }) => template)).size > 1)
      return (
        ready.length === 2 &&
        ready.every(({ template }) => template === rendered.resources.find(({ id }) => id === 'service/web')?.template)
      )
    })
    expect(mixed).not.toContain(true)
    expect(first.rendered.resources.length).toBe(rendered.resources.length)
  })

  it('are caused by a restart nonce, and not by a new count', async () => {
    const driver = await driverFor('runtime')
    await driver.apply(release('one'))
    const before = await driver.ready('web', 2)
    const scaled = await driver.apply(release('one'), {
      runtime: { ...freshRuntime, counts: { web: { count: 3, over: 2 } } },
    })
    const three = await driver.ready('web', 3)
    expect(three.instances.map(({ nativeId }) => nativeId)).toEqual(
      expect.arrayContaining(before.instances.map(({ nativeId }) => nativeId)),
    )
    expect(await driver.differences(scaled.rendered)).toEqual([])

    await driver.apply(release('one'), { runtime: { ...freshRuntime, stopped: ['*'] } })
    await driver.until('no instance', ({ units }) => units[0]?.instances.every(({ wanted }) => !wanted))
    await driver.apply(release('one'))
    const again = await driver.ready('web', 2)
    const restarted = await driver.apply(release('one'), { runtime: { ...freshRuntime, restarts: { web: 1 } } })
    expect(restarted.written).toEqual(['service/web'])
    await driver.until('two new instances', ({ units }) => {
      const ready = units[0]?.instances.filter(({ wanted, state }) => wanted && state === 'ready') ?? []
      return (
        ready.length === 2 && ready.every(({ nativeId }) => !again.instances.some((old) => old.nativeId === nativeId))
      )
    })
  })

  it('repair what another hand changed, and find nothing then', async () => {
    const { engine } = tools()
    const driver = await driverFor('drift')
    const first = await driver.apply(release('one'))
    await driver.ready('web', 2)
    const [service] = await engine.services.list({ filters: { label: [`io.escale.app=${driver.key.app}`] } })
    const task = service!.Spec.TaskTemplate
    await engine.services.update(service!.ID, service!.Version.Index, {
      ...service!.Spec,
      Labels: { ...service!.Spec.Labels, foreign: 'yes' },
      TaskTemplate: { ...task, ContainerSpec: { ...task.ContainerSpec!, Env: ['TEXT=other', 'MORE=1'] } },
    })
    const found = await driver.differences(first.rendered)
    expect(found.map(({ path, mode, cause }) => ({ path, mode, cause }))).toEqual([
      { path: 'Labels.foreign', mode: 'inPlace', cause: 'services.web.labels' },
      { path: 'TaskTemplate.ContainerSpec.Env', mode: 'restart', cause: 'services.web.env' },
    ])
    await driver.apply(release('one'))
    expect(await driver.differences(first.rendered)).toEqual([])
    const unit = await driver.until('the repaired instances', ({ units }) => {
      const ready = units[0]?.instances.filter(({ wanted, state }) => wanted && state === 'ready') ?? []
      return units[0]?.rollout?.state === 'completed' && ready.length === 2
        ? { ...units[0], instances: ready }
        : undefined
    })
    expect(await shell(engine, unit, 'echo $TEXT $MORE')).toBe('one\n')
  })

  it('refuse a name that belongs to somebody else', async () => {
    const { engine } = tools()
    const driver = await driverFor('taken')
    const { resources } = driver.render(release('one'))
    const service = resources.find(({ kind }) => kind === 'service')
    await engine.services.create({
      Name: service?.name ?? '',
      TaskTemplate: { ContainerSpec: { Image: 'escale.local/busybox:1', Command: ['sleep', '60'] } },
    })
    await expect(driver.apply(release('one'))).rejects.toMatchObject({ code: 'name-taken' })
  })

  it('are safe to repeat after a lost answer', async () => {
    const driver = await driverFor('lost')
    const spec = release('one')
    const input = driver.input(spec)
    const { resources } = driver.target.render(input)
    for (const twice of [1, 2]) {
      for (const resource of [...resources].toSorted(
        (a, b) => Number(a.kind === 'service') - Number(b.kind === 'service'),
      ))
        expect(
          await driver.target.executors[resource.kind]?.create(resource, driver.context(input.release)),
          String(twice),
        ).toMatchObject({ nativeId: expect.any(String) })
    }
    await driver.ready('web', 2)
    const current = (await driver.observe()).resources.find(({ id }) => id === 'service/web')
    const next = driver.input(release('two'))
    const changed = driver.target.render(next).resources.find(({ id }) => id === 'service/web')
    if (current === undefined || changed === undefined) throw new Error('no service')
    const first = await driver.target.executors['service']?.update(changed, current, driver.context(next.release))
    const second = await driver.target.executors['service']?.update(changed, current, driver.context(next.release))
    expect(second?.rollout).toBe(first?.rollout)
  })
})
