import { expect, it } from 'vitest'
import type { Check } from '../../../lib/model/unit.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, createDriver, httpd, shell, web } from './driver.ts'

const check = (probe: Check['probe']): Check => ({ probe, intervalMs: 1_000, timeoutMs: 1_000, failures: 2 })
const page = { path: '/www/up', content: { kind: 'text' as const, text: 'ok' }, from: 'files' }
const http = check({ kind: 'http', path: '/up', port: 8080 })

describeWithEngine('health checks', { images: ['busybox'] }, (tools) => {
  const driverFor = (name: string) => createDriver(tools().engine, tools().prefix, name)

  it('count an instance as ready only once its http check succeeds', async () => {
    const { engine } = tools()
    const driver = await driverFor('http')
    const first = await driver.apply(
      app([
        web('web', {
          command: ['sh', '-c', 'sleep 3; exec httpd -f -p 8080 -h /www'],
          files: [page],
          health: { ready: http, live: http },
        }),
      ]),
    )
    await driver.until('the instance starting', ({ units }) =>
      units[0]?.instances.some(({ state }) => state === 'starting'),
    )
    const unit = await driver.ready('web', 1)
    expect(await driver.differences(first.rendered)).toEqual([])
    // Names are not given out before either.
    expect(await shell(engine, unit, 'nslookup web 2>/dev/null | grep -c "^Name:.*web"')).toBe('1\n')
  })

  it('work by tcp, and by a command that sees the secrets of the program', async () => {
    const driver = await driverFor('other')
    const exec = check({ kind: 'exec', command: ['sh', '-c', 'test "$KEY" = hidden'] })
    const spec = app([
      web('tcp', { command: httpd(8080), files: [page], health: { ready: check({ kind: 'tcp', port: 8080 }) } }),
      web('exec', { env: { KEY: { kind: 'secret', secret: 'key' } }, health: { ready: exec, live: exec } }),
      web('direct', {
        health: { ready: check({ kind: 'exec', command: ['true'] }), live: check({ kind: 'exec', command: ['true'] }) },
      }),
    ])
    const { rendered } = await driver.apply(spec, { secrets: { key: 'hidden' } })
    for (const unit of ['tcp', 'exec', 'direct']) await driver.ready(unit, 1)
    expect(await driver.differences(rendered)).toEqual([])
    const direct = rendered.resources.find(({ id }) => id === 'service/direct')
    expect(JSON.stringify(direct?.body)).toContain('"Test":["CMD","true"]')
    expect(JSON.stringify(direct?.body)).not.toContain('/.escale/start')
  })

  it('replace an instance whose live check fails, and not one whose ready check fails later', async () => {
    const { engine } = tools()
    const driver = await driverFor('live')
    const alive = check({ kind: 'exec', command: ['test', '!', '-f', '/tmp/dead'] })
    const ready = check({ kind: 'exec', command: ['test', '!', '-f', '/tmp/unready'] })
    await driver.apply(app([web('web', { health: { ready, live: alive } })]))
    const unit = await driver.ready('web', 1)
    await shell(engine, unit, 'touch /tmp/unready')
    // Three rounds of checks without a consequence.
    await shell(engine, unit, 'sleep 4')
    expect((await driver.ready('web', 1)).instances[0]?.nativeId).toBe(unit.instances[0]?.nativeId)
    await shell(engine, unit, 'touch /tmp/dead')
    const failed = await driver.until('the failed instance', ({ units }) =>
      units[0]?.instances.find(({ state }) => state === 'failed'),
    )
    expect(failed.nativeId).toBe(unit.instances[0]?.nativeId)
    expect(failed.reason).toContain('unhealthy container')
    await driver.ready('web', 1)
  })

  it('tell how an instance failed: exit code, and memory', async () => {
    const driver = await driverFor('fail')
    await driver.apply(
      app([
        web('crash', { command: ['sh', '-c', 'exit 3'] }),
        web('hungry', {
          command: ['sh', '-c', 'sleep 1; exec awk \'BEGIN { s = "0123456789abcdef"; while (1) s = s s }\''],
          size: { limitMemoryBytes: 16 * 1024 * 1024 },
        }),
        web('lost', { command: ['/no/such/program'] }),
      ]),
    )
    const failedOf = (name: string, reason: RegExp) =>
      driver.until(`a failure of ${name}`, ({ units }) =>
        units
          .find(({ unit }) => unit === name)
          ?.instances.find((instance) => instance.state === 'failed' && reason.test(instance.reason ?? '')),
      )
    expect(await failedOf('crash', /non-zero exit \(3\)/)).toMatchObject({ exitCode: 3, wanted: false })
    expect(await failedOf('hungry', /out of memory/)).toMatchObject({ exitCode: 137 })
    expect(await failedOf('lost', /\(127\): the program was not found/)).toMatchObject({ wanted: false })
  })

  it('keep an instance that is told to stop for its drain, and run its stop hook', async () => {
    const { engine } = tools()
    const driver = await driverFor('drain')
    const spec = app(
      [
        web('web', {
          command: ['sh', '-c', "trap 'echo stopped >> /data/log; exit 0' TERM; while :; do sleep 1 & wait $!; done"],
          mounts: [{ kind: 'volume', path: '/data', volume: 'data', readOnly: false, from: 'm' }],
          stop: { graceMs: 5_000, drainMs: 2_000, exec: ['sh', '-c', 'echo hook >> /data/log'] },
        }),
        web('other', { mounts: [{ kind: 'volume', path: '/data', volume: 'data', readOnly: true, from: 'm' }] }),
      ],
      { volumes: [{ name: 'data', access: 'shared', class: 'default', onDelete: 'keep' }] },
    )
    await driver.apply(spec)
    await driver.ready('web', 1)
    const other = await driver.ready('other', 1)
    await driver.apply({ ...spec, units: spec.units.slice(1) })
    expect(
      await shell(
        engine,
        other,
        'for i in $(seq 12); do sleep 1; test -f /data/log && grep -q stopped /data/log && break; done; cat /data/log',
        20_000,
      ),
    ).toBe('hook\nstopped\n')
  })
})
