/** The file that remembers servers and tokens: `~/.config/escale/config.yaml`, for its owner's eyes alone. */
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EscaleError, problem } from '../../core/errors.ts'

export interface SavedContext {
  readonly url: string
  readonly token?: string
  readonly project?: string
}

export interface SavedConfig {
  readonly current?: string
  readonly contexts: Readonly<Record<string, SavedContext>>
}

export interface ConfigPlace {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

export const configPath = ({ env, home }: ConfigPlace): string =>
  join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'escale', 'config.yaml')

const damaged = (path: string, why: string, cause?: unknown): EscaleError =>
  new EscaleError('config-damaged', `${path} cannot be used: ${why}`, {
    cause,
    problems: [
      problem('config-damaged', `${path} cannot be used: ${why}`, {
        fix: `correct it, or remove it and log in again: rm ${path} && escale login URL`,
      }),
    ],
  })

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function contextOf(path: string, name: string, value: unknown): SavedContext {
  if (!isRecord(value) || typeof value['url'] !== 'string')
    throw damaged(path, `the context ${JSON.stringify(name)} has no \`url\``)
  const text = (key: string): string | undefined => {
    const found = value[key]
    if (found === undefined || typeof found === 'string') return found
    throw damaged(path, `\`${key}\` of the context ${JSON.stringify(name)} is no text`)
  }
  const token = text('token')
  const project = text('project')
  return { url: value['url'], ...(token !== undefined && { token }), ...(project !== undefined && { project }) }
}

export async function readConfig(path: string): Promise<SavedConfig> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw damaged(path, error.message, error)
  })
  if (content === undefined) return { contexts: {} }
  const { readYaml } = await import('../yaml.ts')
  let parsed: unknown
  try {
    parsed = readYaml(content)
  } catch (error) {
    // The parser's own message quotes the line, which may hold a token.
    throw damaged(path, 'it is not valid YAML', error instanceof Error ? error.name : undefined)
  }
  if (parsed === null || parsed === undefined) return { contexts: {} }
  if (!isRecord(parsed)) throw damaged(path, 'it is no map')
  const { current, contexts = {} } = parsed
  if (current !== undefined && typeof current !== 'string') throw damaged(path, '`current` is no text')
  if (!isRecord(contexts)) throw damaged(path, '`contexts` is no map')
  return {
    ...(current !== undefined && { current }),
    contexts: Object.fromEntries(Object.entries(contexts).map(([name, value]) => [name, contextOf(path, name, value)])),
  }
}

/** Written beside and moved into place, so that nobody ever reads half of it. */
export async function writeConfig(path: string, config: SavedConfig): Promise<void> {
  const { writeYaml } = await import('../yaml.ts')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${String(process.pid)}.tmp`
  await writeFile(draft, writeYaml(config), { mode: 0o600 })
  await chmod(draft, 0o600)
  await rename(draft, path)
}

/** Adds a context or replaces it, and makes it the current one. */
export async function saveContext(path: string, name: string, context: SavedContext): Promise<void> {
  const config = await readConfig(path)
  await writeConfig(path, { current: name, contexts: { ...config.contexts, [name]: context } })
}

/** Whether others than its owner may read it. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return found !== undefined && process.platform !== 'win32' && (found.mode & 0o077) !== 0
}
