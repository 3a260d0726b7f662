import { expect, it } from 'vitest'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, createDriver, shell, web } from './driver.ts'

describeWithEngine('a replicated service on a real engine', { images: ['busybox'] }, (tools) => {
  const one = (text: string) =>
    app(
      [
        web(
          'web',
          {
            command: ['sh', '-c', 'httpd -f -p 8080 -h /www & trap "kill $!; exit" TERM; wait'],
            env: {
              GREETING: { kind: 'text', text: 'a {{literal}} text' },
              SLOT: { kind: 'instance', fact: 'ordinal' },
            },
            ports: [{ name: 'http', port: 8080, protocol: 'tcp', app: 'http' }],
            files: [{ path: '/www/index.html', content: { kind: 'text', text }, from: 'services.web.files' }],
            mounts: [
              { kind: 'volume', path: '/data', volume: 'data', readOnly: false, from: 'services.web.mounts."/data"' },
            ],
          },
          { publish: [{ port: 'http', hostPort: 'auto' }], networks: ['front'] },
        ),
      ],
      {
        volumes: [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }],
        networks: [{ name: 'front', internal: false, scope: 'app' }],
      },
    )

  it('is created, observed, unchanged on a second apply, updated and removed', async () => {
    const { engine, address, prefix } = tools()
    const driver = await createDriver(engine, prefix, 'life')
    const first = await driver.apply(one('first\n'))
    const unit = await driver.ready('web', 1)
    expect(await driver.differences(first.rendered)).toEqual([])
    const [instance] = unit.instances
    expect(instance?.slot).toBe('web-1')
    expect(Object.keys(instance?.addresses ?? {})).toEqual(['front'])
    const hostPort = instance?.hostPorts?.[0]?.hostPort
    expect(await (await fetch(`http://${address}:${hostPort}/`, { signal: AbortSignal.timeout(5_000) })).text()).toBe(
      'first\n',
    )

    expect((await driver.apply(one('first\n'))).written).toEqual([])

    const second = await driver.apply(one('second\n'))
    expect(second.written.map((id) => id.replace(/@.*/, ''))).toEqual(['config/index.html', 'service/web'])
    const after = await driver.until('the new instance', ({ units }) =>
      units[0]?.instances.find(
        ({ wanted, state, template }) =>
          wanted &&
          state === 'ready' &&
          template === second.rendered.resources.find(({ id }) => id === 'service/web')?.template,
      ),
    )
    const shown = await shell(
      engine,
      { ...unit, instances: [after] },
      'echo $GREETING $SLOT; cat /www/index.html; ls -d /data',
    )
    expect(shown).toBe('a {{literal}} text 1\nsecond\n/data\n')
    expect((await driver.observe()).resources.filter(({ kind }) => kind === 'config')).toHaveLength(1)
    expect(await driver.differences(second.rendered)).toEqual([])

    await driver.remove()
    const left = await driver.observe()
    expect(left.resources.map(({ kind }) => kind)).toEqual(['volume'])
  })
})
