import { pack } from 'tar-stream'
import { expect, it } from 'vitest'
import { buffer } from 'node:stream/consumers'
import { silentLog } from '../../../lib/core/deps.ts'
import { systemClock } from '../../../lib/core/system.ts'
import { dockerTarget } from '../../../lib/targets/docker/target.ts'
import { registryName } from '../../../lib/targets/docker/registry.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, busybox, createDriver, shell, web } from './driver.ts'

async function context(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const archive = pack()
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text)
  archive.finalize()
  return new Uint8Array(await buffer(archive))
}

describeWithEngine('builds on the machine', { images: ['busybox', 'registry'] }, (tools) => {
  it('end in a digest in the registry of the cluster, which instances run from', async () => {
    const { engine, prefix } = tools()
    const driver = await createDriver(engine, prefix, 'build')
    const port = 20_000 + (process.pid % 20_000)
    const target = dockerTarget({
      manager: () => Promise.resolve(engine),
      clock: systemClock,
      log: silentLog,
      startHelper: {},
      readHostFile: () => Promise.resolve(undefined),
      registry: { site: driver.site, image: () => Promise.resolve('escale.local/registry:2'), port },
    })
    const { builder } = target
    if (builder === undefined) throw new Error('no builder')
    try {
      const build = { context: '.', dockerfile: 'Dockerfile', args: { WORD: 'built' }, platforms: [] }
      const tar = await context({
        Dockerfile: `FROM ${busybox}\nARG WORD\nENV WORD=$WORD\nCOPY file.txt /file.txt\nUSER 1000\nCMD ["sleep", "600"]\n`,
        'file.txt': 'from the context',
      })
      const image = await builder.build({
        name: `${prefix}/web`,
        build,
        context: tar,
        signal: AbortSignal.timeout(90_000),
      })
      expect(image.pinned).toMatch(new RegExp(`^127\\.0\\.0\\.1:${port}/${prefix}/web@sha256:[0-9a-f]{64}$`))
      expect(image.config).toMatchObject({ user: '1000', command: ['sleep', '600'], env: { WORD: 'built' } })
      const resolved = await target.resolveImage(image.pinned ?? '', undefined, AbortSignal.timeout(30_000))
      expect(resolved.pinned).toBe(image.pinned)

      const { command: _shell, ...plain } = web('web').main
      const unit = {
        ...web('web'),
        main: {
          ...plain,
          image: { pinned: image.pinned ?? '', ...(image.config === undefined ? {} : { config: image.config }) },
        },
      }
      await driver.apply(app([unit]))
      expect(await shell(engine, await driver.ready('web', 1), 'id -u; echo $WORD; cat /file.txt')).toBe(
        '1000\nbuilt\nfrom the context',
      )
      await driver.remove()
    } finally {
      await engine.services.remove(registryName(driver.site))
    }
  })
})

describeWithEngine('images of this machine', { images: ['busybox'] }, (tools) => {
  it('are told apart by their id, so that a moved tag is a new template', async () => {
    const { engine, prefix } = tools()
    const driver = await createDriver(engine, prefix, 'moved')
    const name = `${prefix}/moved:1`
    await engine.images.tag(busybox, `${prefix}/moved`, '1')
    const first = await driver.target.resolveImage(name, undefined, AbortSignal.timeout(30_000))
    expect(first).toMatchObject({
      localId: expect.stringMatching(/^sha256:/),
      config: { command: expect.any(Array), os: 'linux' },
    })
    expect(first.pinned).toBeUndefined()
    const render = (localId: string | undefined) =>
      driver.render(app([web('web', { image: { reference: name, ...(localId === undefined ? {} : { localId }) } })]))
    const templateOf = (localId: string | undefined) =>
      render(localId).resources.find(({ kind }) => kind === 'service')?.template
    expect(templateOf(first.localId)).not.toBe(templateOf('sha256:other'))
    await expect(
      driver.target.resolveImage(`${prefix}/nothing:1`, undefined, AbortSignal.timeout(30_000)),
    ).rejects.toMatchObject({ code: 'image-not-found' })
  })
})
