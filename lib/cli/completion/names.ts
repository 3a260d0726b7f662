/** Names for completion: from the manifest here, else from the server, which gets a moment only. */
import type { Client } from '../../client/client.ts'
import { addressOf, callOf } from '../app.ts'
import type { Completes } from '../spec.ts'
import { configPath, readConfig } from '../config/file.ts'
import { projectOf } from '../config/session.ts'
import { createContext } from '../context.ts'
import type { CommandContext } from '../context.ts'
import { createOutput } from '../output/output.ts'
import type { World } from '../world.ts'

type Names = Exclude<Completes, 'file' | 'folder'>
type Values = Readonly<Record<string, string>>

/** Whoever presses the key waits: later than this an answer is of no use. */
const patienceMs = 700

export async function namesFor(world: World, what: Names, values: Values): Promise<readonly string[]> {
  const interrupted = AbortSignal.timeout(patienceMs)
  const globals = {
    output: undefined,
    quiet: true,
    color: false,
    project: values['project'],
    context: values['context'],
  }
  const out = createOutput(world, { format: 'table', quiet: true, noColour: true })
  const context = createContext({ world, out, globals, interrupted })
  try {
    return [...new Set(await find(context, what, values))].sort()
  } catch {
    // Completion that cannot complete stays silent: the command itself will say what is wrong.
    return []
  }
}

async function find(context: CommandContext, what: Names, values: Values): Promise<readonly string[]> {
  const { world, interrupted: signal } = context
  const choice = { app: values['app'], file: values['file'], env: values['env'] }
  switch (what) {
    case 'context':
      return Object.keys((await readConfig(configPath(world))).contexts)
    case 'environment':
      return (await here(context, choice.file))?.environments ?? []
    case 'cluster': {
      const client = await context.client()
      return (await client.call('listClusters', { query: { limit: 100 }, signal })).items.map((item) => item.name)
    }
    case 'project': {
      const client = await context.client()
      return (await client.call('listProjects', { query: { limit: 100 }, signal })).items.map((item) => item.name)
    }
    case 'app': {
      const client = await context.client()
      const project = projectOf(await context.session())
      return (await client.call('listApps', { params: { project }, query: { limit: 200 }, signal })).items.map(
        (item) => item.name,
      )
    }
    case 'service':
    case 'job': {
      const local = choice.app === undefined ? await here(context, choice.file) : undefined
      if (local !== undefined) return what === 'service' ? [...local.services, ...local.jobs] : local.jobs
      return await unitsOf(context, await context.client(), choice, what)
    }
  }
}

async function unitsOf(
  context: CommandContext,
  client: Client,
  choice: Parameters<typeof addressOf>[1],
  what: 'service' | 'job',
): Promise<readonly string[]> {
  const status = await client.call('getStatus', {
    ...callOf(await addressOf(context, choice)),
    signal: context.interrupted,
  })
  return status.units.filter((unit) => what === 'service' || unit.kind === 'job').map((unit) => unit.name)
}

async function here(context: CommandContext, file: string | undefined) {
  const [{ readSource }, { peek }] = await Promise.all([import('../manifest/source.ts'), import('../manifest/peek.ts')])
  return await readSource(context.world, file).then(peek, () => undefined)
}
