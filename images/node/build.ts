/**
 * Builds the node image on the engine it finds: `npm run node-image`. The base is the public Node image where
 * the engine reaches a registry, else one made on this machine (images/local).
 */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { engineEndpoint } from '../../bin/docker-cluster.ts'
import { jsonLog } from '../../bin/log.ts'
import { cacheDir, packageRoot } from '../../bin/places.ts'
import type { Log } from '../../lib/core/deps.ts'
import { connectEngine, type Engine } from '../../lib/targets/docker/engine/engine.ts'
import { ensureImages, localReference } from '../local/build.ts'
import { buildFromFolder } from '../local/context.ts'

export const nodeImage = 'escale.local/escale:latest'

/** What the image holds beside its base. */
const contents = ['package.json', 'LICENSE', 'dist', 'images/start/dist', 'docs/reference/escale-v1.schema.json']

export async function buildNodeImage(engine: Engine, cache: string, log: Log): Promise<string> {
  await promisify(execFile)(process.execPath, [join(packageRoot(), 'build', 'package.ts'), '--no-types'], {
    timeout: 120_000,
  })
  await ensureImages(engine, ['node'], { cacheDir: cache, log })
  const folder = await mkdtemp(join(tmpdir(), 'escale-node-image-'))
  try {
    for (const path of contents) await cp(join(packageRoot(), path), join(folder, path), { recursive: true })
    await cp(join(import.meta.dirname, 'Dockerfile'), join(folder, 'Dockerfile'))
    const base = localReference('node')
    await buildFromFolder(engine, { folder, reference: nodeImage, buildArgs: { BASE: base } }, { log })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return nodeImage
}

if (import.meta.main) {
  const engine = await connectEngine(engineEndpoint(undefined, process.env))
  const log = jsonLog('info', (line) => process.stderr.write(line))
  console.log(await buildNodeImage(engine, cacheDir(process.env), log))
  engine.close()
}
