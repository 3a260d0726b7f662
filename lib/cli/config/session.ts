/** Which server, as whom, in which project: flags before the environment before the file. */
import { EscaleError, problem } from '../../core/errors.ts'
import { defaultProject } from '../../model/app.ts'
import { configPath, readConfig } from './file.ts'
import type { ConfigPlace, SavedContext } from './file.ts'

export interface Session {
  readonly url: string
  readonly token?: string
  /** Chosen by flag or environment: beats what a manifest says. */
  readonly project?: string
  /** Of the context: for where neither they nor a manifest say. */
  readonly usualProject?: string
  /** Name of the context; absent where `ESCALE_URL` decided. */
  readonly context?: string
}

export interface Chosen {
  readonly context?: string
  readonly project?: string
}

const noContext = (): EscaleError =>
  new EscaleError('no-context', 'no server was chosen', {
    problems: [
      problem('no-context', 'no server was chosen, and none is remembered', {
        fix: 'start one on this machine with `escale up`, or log in to one with `escale login URL`',
      }),
    ],
  })

function named(contexts: Readonly<Record<string, SavedContext>>, name: string, path: string): SavedContext {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined
  if (found !== undefined) return found
  const known = Object.keys(contexts)
  throw new EscaleError('no-context', `there is no context ${JSON.stringify(name)}`, {
    problems: [
      problem('no-context', `there is no context ${JSON.stringify(name)} in ${path}`, {
        allowed: known,
        fix: known.length === 0 ? `log in to it: escale login URL --name ${name}` : `use one of ${known.join(', ')}`,
      }),
    ],
  })
}

export async function openSession(place: ConfigPlace, chosen: Chosen): Promise<Session> {
  const { env } = place
  const url = env['ESCALE_URL'] || undefined
  const token = env['ESCALE_TOKEN'] || undefined
  const project = chosen.project ?? (env['ESCALE_PROJECT'] || undefined)
  if (url !== undefined && chosen.context === undefined) {
    return { url, ...(token !== undefined && { token }), ...(project !== undefined && { project }) }
  }
  const path = configPath(place)
  const config = await readConfig(path)
  const name = chosen.context ?? (env['ESCALE_CONTEXT'] || undefined) ?? config.current
  if (name === undefined) throw noContext()
  const saved = named(config.contexts, name, path)
  // A token of the environment belongs to the address of the environment, or to the context it chose.
  const used = chosen.context === undefined ? (token ?? saved.token) : saved.token
  return {
    url: saved.url,
    context: name,
    ...(used !== undefined && { token: used }),
    ...(project !== undefined && { project }),
    ...(saved.project !== undefined && { usualProject: saved.project }),
  }
}

export const projectOf = (session: Session, manifestProject?: string): string =>
  session.project ?? manifestProject ?? session.usualProject ?? defaultProject
