import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expect, it } from 'vitest'
import { imageOf } from '../../../lib/registry/archive.ts'
import { openArchive } from '../../../lib/registry/archive/read.ts'
import { writeArchive } from '../../../lib/registry/archive/write.ts'
import { makeImage, sourceOf } from '../../registry/image.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'

describeWithEngine('archives of images and a real engine', { images: [] }, (tools) => {
  it('loads what we write, and writes what we read', async () => {
    const { engine, prefix } = tools()
    const image = await makeImage({
      config: { Cmd: ['/a'], User: '7' },
      layers: [{ a: 'x'.repeat(50_000) }, { b: 'two' }],
    })
    const name = { registry: 'docker.io', repository: `${prefix}/saved`, tag: 'v1' }
    const path = join(temporaryFolder(), 'ours.tar')
    await writeArchive(
      [{ source: sourceOf([image]), root: image.manifest, names: [name] }],
      'docker',
      createWriteStream(path),
    )
    expect(await engine.images.load(createReadStream(path))).toEqual([`${prefix}/saved:v1`])
    expect((await engine.images.inspect(`${prefix}/saved:v1`)).Id).toBe(image.config.digest)

    const theirs = join(temporaryFolder(), 'theirs.tar')
    await pipeline(await engine.images.save([`${prefix}/saved:v1`]), createWriteStream(theirs))
    const archive = await openArchive(theirs, { scratchFolder: temporaryFolder() })
    expect(imageOf(archive, name).platform).toEqual({ os: 'linux', arch: 'amd64' })
    expect(JSON.parse(Buffer.from(imageOf(archive).root.bytes).toString()).config.digest).toBe(image.config.digest)
  })
})
