/** Names of networks that bear no marks of ours, such as the machine's own: lists leave them out, and they never change. */
import type { Engine } from '../engine/engine.ts'
import { isEngineError } from '../engine/errors.ts'
import type { Service } from '../engine/types/service.ts'

export type NetworkNames = (
  engine: Engine,
  services: readonly Service[],
  known: ReadonlyMap<string, string>,
  signal: AbortSignal,
) => Promise<(id: string) => string>

const remembered = 64

export function networkNameFinder(): NetworkNames {
  const found = new Map<string, string>()
  return async (engine, services, known, signal) => {
    const targets = services.flatMap(({ Spec }) => (Spec.TaskTemplate.Networks ?? []).map(({ Target }) => Target))
    const unknown = [...new Set(targets)].filter((id) => !known.has(id) && !found.has(id))
    await Promise.all(unknown.map(async (id) => found.set(id, await nameOf(engine, id, signal))))
    for (const id of [...found.keys()].slice(0, Math.max(0, found.size - remembered))) found.delete(id)
    return (id) => known.get(id) ?? found.get(id) ?? id
  }
}

/** One that is gone is shown by its id, which no rendered body has: the service differs. */
async function nameOf(engine: Engine, id: string, signal: AbortSignal): Promise<string> {
  try {
    return (await engine.networks.inspect(id, { signal })).Name
  } catch (error) {
    if (isEngineError(error, 'notFound')) return id
    throw error
  }
}
