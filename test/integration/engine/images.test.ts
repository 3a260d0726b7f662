import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import { expect, it } from 'vitest'
import { buildFromFolder } from '../../../images/local/context.ts'
import { silentLog } from '../../../lib/core/deps.ts'
import { classifyEngineError } from '../../../lib/targets/docker/engine/errors.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { collect, eventually, image } from './support.ts'

const kindOf = async (call: Promise<unknown>): Promise<string> =>
  classifyEngineError(await call.catch((error: unknown) => error))

const tarOf = (files: Readonly<Record<string, string>>): Readable => {
  const tar = pack()
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text)
  tar.finalize()
  return Readable.from(tar)
}

async function output(engine: Engine, name: string, reference: string, Cmd?: string[]): Promise<string> {
  const { Id } = await engine.containers.create(
    { Image: reference, ...(Cmd === undefined ? {} : { Cmd }), HostConfig: { NetworkMode: 'none' } },
    { name },
  )
  await engine.containers.start(Id)
  await engine.containers.wait(Id)
  return (await collect(engine.containers.logs(Id))).stdout
}

describeWithEngine('images', { images: ['busybox', 'registry'] }, (tools) => {
  it('are tagged, found, and removed', async () => {
    const { engine, prefix } = tools()
    await engine.images.tag(image, `${prefix}.local/one`, 'v1')
    const listed = await engine.images.list({ filters: { reference: [`${prefix}.local/one`] } })
    expect(listed.map(({ RepoTags }) => RepoTags?.includes(`${prefix}.local/one:v1`))).toEqual([true])
    await engine.images.remove(`${prefix}.local/one:v1`)
    expect(await kindOf(engine.images.inspect(`${prefix}.local/one:v1`))).toBe('notFound')
  })

  it('go out as an archive and come in again with the same id', async () => {
    const { engine, prefix } = tools()
    const reference = `${prefix}.local/saved:1`
    await engine.images.import({
      rootfs: tarOf({ 'hello.txt': prefix }),
      repository: `${prefix}.local/saved`,
      tag: '1',
    })
    const { Id } = await engine.images.inspect(reference)
    const parts: Buffer[] = []
    for await (const part of await engine.images.save([reference])) parts.push(part as Buffer)
    await engine.images.remove(reference)
    expect(await engine.images.load(Readable.from(parts))).toEqual([reference])
    expect((await engine.images.inspect(reference)).Id).toBe(Id)
  })

  it('are imported from a file tree with their configuration', async () => {
    const { engine, prefix } = tools()
    const id = await engine.images.import({
      rootfs: tarOf({ 'a.txt': 'a' }),
      repository: `${prefix}.local/imported`,
      tag: '2',
      changes: ['ENV A=b', 'CMD ["/x"]', 'USER 65534'],
    })
    const found = await engine.images.inspect(`${prefix}.local/imported:2`)
    expect(found.Id).toBe(id)
    expect(found.Config).toMatchObject({ Env: expect.arrayContaining(['A=b']), Cmd: ['/x'], User: '65534' })
  })

  it('are refused when the tree holds a path twice', async () => {
    const { engine, prefix } = tools()
    const tar = pack()
    tar.entry({ name: 'a' }, '1')
    tar.entry({ name: 'a' }, '2')
    tar.finalize()
    const call = engine.images.import({ rootfs: Readable.from(tar), repository: `${prefix}.local/twice`, tag: '1' })
    await expect(call).rejects.toMatchObject({ name: 'EngineError', delivery: 'answered' })
  })

  it('are built by the classic builder with stages, arguments and labels', async () => {
    const { engine, prefix } = tools()
    const reference = `${prefix}.local/built:1`
    const dockerfile = `ARG BASE\nFROM $BASE AS first\nRUN echo made > /made\nFROM $BASE\nARG WHO\nCOPY --from=first /made /made\nCOPY own.txt /own.txt\nRUN echo $WHO >> /made\nCMD cat /made /own.txt\n`
    const lines: string[] = []
    const id = await engine.images.build(
      {
        context: tarOf({ Dockerfile: dockerfile, 'own.txt': 'own\n' }),
        tags: [reference],
        buildArgs: { BASE: image, WHO: 'me' },
        labels: { probe: prefix },
        networkMode: 'none',
      },
      { onProgress: ({ stream }) => void lines.push(stream ?? '') },
    )
    const found = await engine.images.inspect(reference)
    expect([found.Id, found.Config?.Labels?.['probe']]).toEqual([id, prefix])
    expect(lines.join('')).toContain('Step 1/')
    expect(await output(engine, `${prefix}-built`, reference)).toBe('made\nme\nown\n')
  })

  it('fail to build with the words of the step that failed', async () => {
    const { engine, prefix } = tools()
    const context = tarOf({ Dockerfile: `FROM ${image}\nRUN exit 9\n` })
    const call = engine.images.build({ context, tags: [`${prefix}.local/broken:1`] })
    await expect(call).rejects.toThrow(/exit 9.*returned a non-zero code: 9/)
  })

  it('are built from a folder without what .dockerignore names', async () => {
    const { engine, prefix } = tools()
    const folder = await mkdtemp(join(tmpdir(), 'escale-context-'))
    try {
      await mkdir(join(folder, 'sub'))
      await writeFile(join(folder, 'Dockerfile'), 'ARG BASE\nFROM $BASE\nCOPY . /app\nCMD find /app -type f | sort\n')
      await writeFile(join(folder, '.dockerignore'), '*.log\nsub/*\n!sub/keep\n.dockerignore\nDockerfile\n')
      for (const name of ['a', 'b.log', 'sub/keep', 'sub/drop']) await writeFile(join(folder, name), name)
      const reference = `${prefix}.local/folder:1`
      await buildFromFolder(engine, { folder, reference, buildArgs: { BASE: image } }, { log: silentLog })
      // The Dockerfile itself is sent so that the engine can read it.
      expect(await output(engine, `${prefix}-folder`, reference)).toBe('/app/Dockerfile\n/app/a\n/app/sub/keep\n')
      const outside = buildFromFolder(engine, { folder, reference, dockerfile: '../Dockerfile' }, { log: silentLog })
      await expect(outside).rejects.toMatchObject({ code: 'path-outside' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('that nothing uses are pruned by label', async () => {
    const { engine, prefix } = tools()
    await engine.images.import({
      rootfs: tarOf({ 'p.txt': prefix }),
      repository: `${prefix}.local/pruned`,
      tag: '1',
      changes: [`LABEL prune=${prefix}`],
    })
    const { ImagesDeleted } = await engine.images.prune({
      filters: { dangling: ['false'], label: [`prune=${prefix}`] },
    })
    expect(ImagesDeleted?.some(({ Untagged }) => Untagged === `${prefix}.local/pruned:1`)).toBe(true)
  })

  it('that do not exist cannot be pulled, and no registry in reach is an error too', async () => {
    const { engine } = tools()
    expect(await kindOf(engine.images.inspect('no.such/image:1'))).toBe('notFound')
    await expect(engine.images.pull('registry.invalid/a/b:1', { timeoutMs: 15_000 })).rejects.toMatchObject({
      name: 'EngineError',
    })
  })

  it('go to a registry and come back by digest, with credentials where it asks for them', async () => {
    const { engine, prefix } = tools()
    const auth = { username: 'lab', password: 'päss:word' }
    const { Id } = await engine.containers.create(
      {
        Image: 'escale.local/registry:2',
        Entrypoint: ['sh', '-c'],
        Cmd: [`printf '%s' "$HT" > /tmp/ht; exec registry serve /etc/docker/registry/config.yml`],
        Env: [
          `HT=lab:${bcryptOfPassword}\n`,
          'REGISTRY_AUTH=htpasswd',
          'REGISTRY_AUTH_HTPASSWD_REALM=lab',
          'REGISTRY_AUTH_HTPASSWD_PATH=/tmp/ht',
        ],
        ExposedPorts: { '5000/tcp': {} },
        HostConfig: { PortBindings: { '5000/tcp': [{ HostIp: '127.0.0.1', HostPort: '5055' }] } },
      },
      { name: `${prefix}-registry` },
    )
    await engine.containers.start(Id)
    const name = `127.0.0.1:5055/${prefix}/probe`
    const reference = `${name}:1`
    await engine.images.tag(image, name, '1')
    await eventually(
      async () => ((await kindOf(engine.images.distribution(reference))) === 'unauthorized' ? true : undefined),
      'the registry',
    )
    expect(await kindOf(engine.images.push(reference))).toBe('unauthorized')
    const digest = await engine.images.push(reference, { auth })
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect((await engine.images.distribution(reference, { auth })).Descriptor.digest).toBe(digest)
    expect(await kindOf(engine.images.distribution(`${name}:none`, { auth }))).toBe('notFound')
    expect(await kindOf(engine.images.pull(`${name}:none`, { auth }))).toBe('notFound')
    await engine.images.remove(reference)
    const statuses: string[] = []
    await engine.images.pull(`${name}@${digest}`, {
      auth,
      onProgress: ({ status }) => void statuses.push(status ?? ''),
    })
    expect(statuses.join('\n')).toContain(digest)
    expect((await engine.images.inspect(`${name}@${digest}`)).RepoDigests).toContain(`${name}@${digest}`)
    await engine.images.remove(`${name}@${digest}`)
  })
})

/** Of "päss:word", at the least cost there is. */
const bcryptOfPassword = '$2y$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre'
