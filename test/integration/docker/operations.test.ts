import { expect, it } from 'vitest'
import type { AppKey } from '../../../lib/model/app.ts'
import type { LogLine, LogQuery } from '../../../lib/targets/target.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, busybox, createDriver, eventually, insist, task, web } from './driver.ts'
import type { Driver } from './driver.ts'

describeWithEngine('looking into an app', { images: ['busybox'] }, (tools) => {
  const driverFor = (name: string) => createDriver(tools().engine, tools().prefix, name)
  const query = (change: Partial<LogQuery> = {}): LogQuery => ({
    follow: false,
    signal: AbortSignal.timeout(20_000),
    ...change,
  })
  const read = async (driver: Driver, change: Partial<LogQuery> = {}): Promise<LogLine[]> => {
    const lines: LogLine[] = []
    for await (const line of driver.target.logs(driver.site, driver.key, query(change))) lines.push(line)
    return lines
  }

  it('reads the logs of its instances and runs, and follows them', async () => {
    const driver = await driverFor('logs')
    const talk = (text: string) => ({
      command: ['sh', '-c', `echo ${text} out; echo ${text} err >&2; trap exit TERM; while :; do sleep 1 & wait; done`],
    })
    const say = task('say', { command: ['echo', 'from the run'] })
    const spec = app([
      web('web', talk('web'), { scale: { min: 2, max: 2, schedule: {} } }),
      web('api', talk('api')),
      say,
    ])
    await driver.apply(spec)
    await driver.ready('web', 2)
    await driver.ready('api', 1)
    await driver.run(spec, say, 'run_1')
    const all = await read(driver)
    expect(all.map(({ unit, instance, stream, text }) => `${unit} ${instance} ${stream} ${text}`).toSorted()).toEqual([
      'api api-1 stderr api err',
      'api api-1 stdout api out',
      'say say-0 stdout from the run',
      'web web-1 stderr web err',
      'web web-1 stdout web out',
      'web web-2 stderr web err',
      'web web-2 stdout web out',
    ])
    expect(all.map(({ atMs }) => atMs)).toEqual(all.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
    expect((await read(driver, { instance: 'web-2' })).map(({ text }) => text).toSorted()).toEqual([
      'web err',
      'web out',
    ])
    expect((await read(driver, { runId: 'run_1' })).map(({ text }) => text)).toEqual(['from the run'])
    const stop = new AbortController()
    const followed: string[] = []
    for await (const line of driver.target.logs(
      driver.site,
      driver.key,
      query({ follow: true, signal: stop.signal, unit: 'api' }),
    )) {
      followed.push(line.text)
      if (followed.length === 2) stop.abort()
    }
    expect(followed.toSorted()).toEqual(['api err', 'api out'])
  })

  it('runs commands in an instance, with input and exit code', async () => {
    const driver = await driverFor('exec')
    await driver.apply(app([web('web')]))
    await driver.ready('web', 1)
    const open = (command: readonly string[], instance?: string) =>
      driver.target.exec(
        driver.site,
        driver.key,
        { unit: 'web', command, tty: false, env: { WORD: 'there' }, ...(instance === undefined ? {} : { instance }) },
        AbortSignal.timeout(20_000),
      )
    const session = await open(['sh', '-c', 'read line; echo $line $WORD; echo bad >&2; exit 5'], 'web-1')
    session.write(Buffer.from('hello\n'))
    session.endInput()
    const output: string[] = []
    for await (const { stream, data } of session.output) output.push(`${stream}: ${Buffer.from(data).toString()}`)
    expect(output.toSorted()).toEqual(['stderr: bad\n', 'stdout: hello there\n'])
    expect(await session.exitCode).toBe(5)
    await expect(open(['true'], 'web-9')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('web-1'),
    })
  })

  it('tells which app changed', async () => {
    const driver = await driverFor('watch')
    const stop = new AbortController()
    const seen: (AppKey | undefined)[] = []
    const watching = driver.target.watch(driver.site, (key) => seen.push(key), stop.signal)
    await driver.until('the subscription', () => seen.length > 0)
    expect(seen[0]).toBeUndefined()
    await driver.apply(app([web('web')]))
    await driver.ready('web', 1)
    await driver.until('the event', () => seen.some((key) => key?.app === driver.key.app))
    stop.abort()
    await watching
  })

  it('lists volumes with their size and users, and removes one only when nobody uses it', async () => {
    const { engine } = tools()
    const driver = await driverFor('vol')
    const spec = app(
      [
        web('web', {
          command: [
            'sh',
            '-c',
            'dd if=/dev/zero of=/data/x bs=1k count=64 2>/dev/null; trap exit TERM; while :; do sleep 1 & wait; done',
          ],
          mounts: [{ kind: 'volume', path: '/data', volume: 'data', readOnly: false, from: 'm' }],
        }),
      ],
      { volumes: [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }] },
    )
    await driver.apply(spec)
    await driver.ready('web', 1)
    const volumes = driver.target.volumes
    if (volumes === undefined) throw new Error('no volumes')
    const mine = async () => (await volumes.list(driver.site)).filter(({ app: owner }) => owner?.app === driver.key.app)
    const found = await eventually('the written volume', async () => {
      const [volume] = await mine()
      return (volume?.sizeBytes ?? 0) >= 65_536 ? volume : undefined
    })
    expect(found).toMatchObject({ name: 'data', usedBy: [expect.stringContaining('web')] })
    await expect(volumes.remove(driver.site, found.nativeName)).rejects.toMatchObject({ code: 'in-use' })
    expect((await engine.nodes.list())[0]?.Spec.Labels).toMatchObject({ [`io.escale.pin.${found.nativeName}`]: 'true' })
    await driver.remove()
    await insist(() => volumes.remove(driver.site, found.nativeName))
    expect(await mine()).toEqual([])
    expect(Object.keys((await engine.nodes.list())[0]?.Spec.Labels ?? {})).not.toContain(
      `io.escale.pin.${found.nativeName}`,
    )
  })

  it('reports what nobody uses, frees just that, and nothing in use', async () => {
    const { engine, prefix } = tools()
    const driver = await driverFor('keep')
    await driver.apply(app([web('web')]))
    await driver.ready('web', 1)
    const house = driver.target.housekeeping
    if (house === undefined) throw new Error('no housekeeping')
    await engine.images.import({ rootfs: Buffer.alloc(1024), repository: `${prefix}/unused`, tag: '1' })
    await engine.images.import({
      rootfs: Buffer.alloc(1024),
      repository: `${prefix}/kept`,
      tag: '1',
      changes: ['ENV A=b'],
    })
    const ended = await engine.containers.create({ Image: busybox, Cmd: ['true'] }, { name: `${prefix}-ended` })
    const network = await engine.networks.create({
      Name: `${prefix}-empty`,
      Driver: 'overlay',
      Attachable: true,
      Labels: { 'io.escale.install': prefix },
    })
    const volume = await engine.volumes.create({ Name: `${prefix}-data`, Labels: { 'io.escale.install': prefix } })
    const report = await house.report(driver.site, [`${prefix}/kept:1`])
    const names = report.map(({ kind, name }) => `${kind} ${name}`)
    expect(names).toContain(`image ${prefix}/unused:1`)
    expect(names).toContain(`container ${prefix}-ended`)
    expect(names).toContain(`network ${prefix}-empty`)
    expect(names).not.toContain(`image ${prefix}/kept:1`)
    expect(names).not.toContain(`image ${busybox}`)
    expect(names.filter((name) => name.includes(volume.Name) || name.includes(`${driver.key.app}-default`))).toEqual([])
    // Between report and act the container comes into use.
    const own = report.filter(({ name }) => name.includes(prefix))
    await engine.containers.start(ended.Id)
    await engine.containers.wait(ended.Id)
    const freed = await house.reclaim(driver.site, own)
    expect(freed).toEqual(expect.arrayContaining(own))
    expect((await house.report(driver.site, [`${prefix}/kept:1`])).filter(({ name }) => name.includes(prefix))).toEqual(
      [],
    )
    expect((await engine.networks.list()).some(({ Id }) => Id === network.Id)).toBe(false)
  })

  it('lists nodes and changes their availability', async () => {
    const driver = await driverFor('nodes')
    const nodes = driver.target.nodes
    if (nodes === undefined) throw new Error('no nodes')
    const [node] = await nodes.list()
    expect(node).toMatchObject({ state: 'ready', role: 'manager', os: 'linux' })
    await nodes.setAvailability(node?.id ?? '', 'drain')
    expect((await nodes.list())[0]?.state).toBe('draining')
    await nodes.setAvailability(node?.id ?? '', 'active')
    expect((await nodes.list())[0]?.state).toBe('ready')
  })
})
