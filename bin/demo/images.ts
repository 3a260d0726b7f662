/** Brings an example's images onto the engine: from a registry where one answers, else made on this machine. */
import { join } from 'node:path'
import { ensureImages, keyLabel, localReference } from '../../images/local/build.ts'
import { buildFromFolder } from '../../images/local/context.ts'
import type { LocalImageName } from '../../images/local/recipe.ts'
import { silentLog } from '../../lib/core/deps.ts'
import type { Log } from '../../lib/core/deps.ts'
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import { isEngineError } from '../../lib/targets/docker/engine/errors.ts'
import { splitReference } from '../../lib/targets/docker/engine/images.ts'
import type { Example } from './examples.ts'
import type { Screen } from './screen.ts'
import type { Undo } from './undo.ts'

export interface ImagesOptions {
  readonly engine: Engine
  readonly example: Example
  /** The example's own folder. */
  readonly folder: string
  readonly cacheDir: string
  readonly screen: Screen
  readonly undo: Undo
  readonly signal: AbortSignal
}

/** Answers the manifest's parameters that name what was made here; where a registry answered, its defaults hold. */
export async function prepareImages(options: ImagesOptions): Promise<Readonly<Record<string, string>>> {
  const { engine, example, folder, cacheDir, screen, signal } = options
  // The proxy is the platform's, but this is where its making can be shown.
  const needs: readonly LocalImageName[] = [...example.needs, 'haproxy']
  await screen.work(`Images: ${needs.join(', ')}`, async (detail) => {
    for (const name of needs) await ensureImages(engine, [name], { cacheDir, log: telling(detail), signal })
  })
  if (example.builds.length > 0) {
    await screen.work(`Build ${example.builds.map(({ reference }) => reference).join(', ')}`, async (detail) => {
      for (const { reference, context, dockerfile } of example.builds) {
        detail(reference)
        const build = {
          folder: join(folder, context),
          dockerfile,
          reference,
          buildArgs: { BASE: localReference('node') },
        }
        await buildFromFolder(engine, build, { log: silentLog, signal })
      }
    })
  }
  const params: Record<string, string> = {}
  for (const name of example.needs) {
    if (!(await isMadeHere(engine, localReference(name)))) continue
    const param = example.params[name]
    const fixed = example.fixed[name]
    if (param !== undefined) params[param] = localReference(name)
    if (fixed !== undefined) await lendName(options, localReference(name), fixed)
  }
  return params
}

const telling = (detail: (text: string) => void): Log => ({
  ...silentLog,
  info: (message, fields) => detail(typeof fields?.['image'] === 'string' ? `${message} ${fields['image']}` : message),
})

async function isMadeHere(engine: Engine, reference: string): Promise<boolean> {
  return (await engine.images.inspect(reference)).Config?.Labels?.[keyLabel] !== undefined
}

/** The manifest names a public image that this engine cannot fetch: ours bears its name as long as the demo runs. */
async function lendName({ engine, screen, undo }: ImagesOptions, reference: string, name: string): Promise<void> {
  try {
    await engine.images.inspect(name)
    return
  } catch (error) {
    if (!isEngineError(error, 'notFound')) throw error
  }
  const { name: repository, tag } = splitReference(name)
  await engine.images.tag(reference, repository, tag)
  screen.line(`  ${name} is ${reference} for as long as this runs: no registry is in reach`)
  undo.add(`the name ${name}`, () => engine.images.remove(name, { noPrune: true }))
}
