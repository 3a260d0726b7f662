/** Which app a command is about: named, or that of the manifest in this folder. */
import type { AppAddress } from '../client/types.ts'
import { EscaleError, problem } from '../core/errors.ts'
import { projectOf } from './config/session.ts'
import type { CommandContext } from './context.ts'
import type { OptionSpecs } from './spec.ts'

export const appOptions = {
  app: { short: 'a', value: 'name', completes: 'app', description: 'the app; else that of the manifest' },
  file: {
    short: 'f',
    value: 'path',
    completes: 'file',
    description: 'manifest that names the app; else escale.yaml here',
  },
  env: { short: 'e', value: 'name', completes: 'environment', description: 'environment of the app' },
} as const satisfies OptionSpecs

export interface AppChoice {
  readonly app?: string | undefined
  readonly file?: string | undefined
  readonly env?: string | undefined
}

export async function addressOf(context: CommandContext, choice: AppChoice): Promise<AppAddress> {
  const session = await context.session()
  const environment = choice.env === undefined ? {} : { environment: choice.env }
  if (choice.app !== undefined) return { project: projectOf(session), app: choice.app, ...environment }
  const [{ readSource }, { peek }] = await Promise.all([import('./manifest/source.ts'), import('./manifest/peek.ts')])
  const source = await readSource(context.world, choice.file).catch((error: unknown) => {
    if (!(error instanceof EscaleError) || choice.file !== undefined) throw error
    throw new EscaleError('usage', 'which app?', {
      problems: [
        problem('usage', `no app was named, and ${error.message}`, {
          fix: 'name it with --app, or go to its folder; `escale ls` lists the apps',
        }),
      ],
    })
  })
  const { name, project } = peek(source)
  if (name === undefined) {
    const message = `${source.file} does not say which app it is of`
    throw new EscaleError('missing-key', message, {
      problems: [problem('missing-key', message, { path: 'metadata.name', fix: 'set metadata.name, or use --app' })],
    })
  }
  return { project: projectOf(session, project), app: name, ...environment }
}

/** Parts of a call about one app. */
export const callOf = (address: AppAddress) => ({
  params: { project: address.project, app: address.app },
  query: address.environment === undefined ? {} : { environment: address.environment },
})

export const titleOf = (address: AppAddress): string =>
  address.environment === undefined || address.environment === 'default'
    ? address.app
    : `${address.app} (${address.environment})`
