/**
 * Access to one request. Whoever has no grant in a project is told what everybody is told of a project that
 * does not exist, word for word; likewise for an app of a project that they do see.
 */
import { EscaleError } from '../core/errors.ts'
import { defaultEnvironment } from '../model/app.ts'
import { judge, seesApp, seesProject } from '../control/access/grants.ts'
import type { Principal } from '../control/access/principal.ts'
import { actions } from '../control/access/roles.ts'
import type { Action } from '../control/access/roles.ts'
import { getAppRecord, getProject } from '../control/projects.ts'
import type { Deps } from '../control/deps.ts'
import { namePattern } from './schemas/text.ts'

export const noProject = (project: string): EscaleError =>
  new EscaleError('not-found', `There is no project ${JSON.stringify(project)}, or it may not be seen.`)

export const noApp = (project: string, app: string): EscaleError =>
  new EscaleError(
    'not-found',
    `There is no app ${JSON.stringify(app)} in project ${JSON.stringify(project)} and this environment, or it may not be seen.`,
  )

export const notAllowed = (action: Action): EscaleError => {
  const { role, reach } = actions[action]
  const where = { installation: '`*`', project: 'the project', inProject: 'the project', app: 'the app' }
  const on = reach === 'self' || reach === 'anywhere' ? 'any collection' : where[reach]
  return new EscaleError('forbidden', `This needs the role ${role} on ${on}, which the token does not have.`)
}

export interface GateRequest {
  readonly action: Action
  readonly project?: string
  readonly app?: string
  /** Told as soon as it is clear that the caller may know of the project. */
  readonly seen: (project: string) => void
}

/** Throws what the caller may know: `not-found` for what they cannot see, `forbidden` for a role too low. */
export async function passGate(deps: Pick<Deps, 'store'>, principal: Principal, request: GateRequest): Promise<void> {
  const { action, project, app } = request
  if (project !== undefined) {
    const visible = namePattern.test(project) && seesProject(principal.grants, project)
    if (!visible || (await getProject(deps, project)) === undefined) throw noProject(project)
    request.seen(project)
    if (app !== undefined && (!namePattern.test(app) || !seesApp(principal.grants, project, app))) {
      throw noApp(project, app)
    }
  }
  const scope = { ...(project !== undefined && { project }), ...(app !== undefined && { app }) }
  if (judge(principal.grants, action, scope) !== 'allowed') throw notAllowed(action)
}

/** For routes whose app must exist already. */
export async function needApp(
  deps: Pick<Deps, 'store'>,
  project: string,
  app: string,
  environment: string = defaultEnvironment,
): Promise<void> {
  if ((await getAppRecord(deps, { project, app, environment })) === undefined) throw noApp(project, app)
}
