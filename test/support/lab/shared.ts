/** What a test file knows of the run's engine. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { parseEndpoint } from '../../../lib/targets/docker/engine/endpoint.ts'
import { connectEngine } from '../../../lib/targets/docker/engine/engine.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import type { LocalImageName } from '../../../images/local/recipe.ts'
import { engineAvailability } from './availability.ts'
import { removeByPrefix } from './sweep.ts'
import { loadImages, startEngine } from './start.ts'

/** Provided by `global.ts`; plain data, because it travels to the workers. */
export type SharedEngine =
  | { readonly available: true; readonly socketPath: string; readonly address: string }
  | { readonly available: false; readonly reason: string }

export interface EngineTools {
  readonly engine: Engine
  readonly socketPath: string
  /** Where published ports are reached. */
  readonly address: string
  /** Begins the names of everything this file makes; what bears it is removed at the end. */
  readonly prefix: string
}

export interface EngineSuite {
  readonly images: readonly LocalImageName[]
}

/**
 * A suite that needs an engine: the run's where `global.ts` started one, else one of its own. Where none can run it is
 * skipped with the reason, and fails where CI is set.
 */
export function describeWithEngine(name: string, suite: EngineSuite, body: (tools: () => EngineTools) => void): void {
  const shared = inject('escaleEngine') as SharedEngine | undefined
  if (shared?.available === false && process.env['CI'] === undefined) {
    describe.skip(`${name} (skipped: ${shared.reason})`, () => body(() => missing(name)))
    return
  }
  describe(name, () => {
    let tools: EngineTools | undefined
    let end: () => Promise<void> = async () => undefined
    beforeAll(async () => {
      const place = await findEngine(shared)
      end = place.stop
      await loadImages(place, suite.images)
      const prefix = `t${randomBytes(4).toString('hex')}`
      tools = {
        engine: await connectEngine(parseEndpoint(place.socketPath)),
        socketPath: place.socketPath,
        address: place.address,
        prefix,
      }
    }, 180_000)
    afterAll(async () => {
      if (tools !== undefined) {
        await removeByPrefix(tools.engine, tools.prefix)
        tools.engine.close()
      }
      await end()
    }, 60_000)
    body(() => tools ?? missing(name))
  })
}

const missing = (name: string): never => {
  throw new Error(`the engine of "${name}" is used outside its tests`)
}

async function findEngine(
  shared: SharedEngine | undefined,
): Promise<{ socketPath: string; address: string; stop: () => Promise<void> }> {
  if (shared?.available === true) return { ...shared, stop: async () => undefined }
  const possible = shared ?? (await engineAvailability())
  if ('reason' in possible) throw new Error(`no engine: ${possible.reason}`)
  return startEngine({ name: `file-${process.pid}-${randomBytes(3).toString('hex')}`, swarm: true })
}
