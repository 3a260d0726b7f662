/** Grants: a role on a collection, and what follows from having some. Pure. */
import { actions, rank } from './roles.ts'
import type { Action, Role } from './roles.ts'

export interface Grant {
  readonly role: Role
  /** `*`, a project, or `project/app`. */
  readonly collection: string
}

/** What a request is about; both absent for what belongs to the installation. */
export interface Scope {
  readonly project?: string
  readonly app?: string
}

export type Verdict =
  | 'allowed'
  /** There, but the role is too low. */
  | 'forbidden'
  /** No grant reaches it: it does not exist for this subject. */
  | 'hidden'

/** Whether whatever `inner` names lies within `outer`. */
export const covers = (outer: string, inner: string): boolean =>
  outer === '*' || outer === inner || inner.startsWith(`${outer}/`)

const reaches = (grants: readonly Grant[], collection: string): readonly Grant[] =>
  grants.filter((grant) => covers(grant.collection, collection))

const touches = (grants: readonly Grant[], project: string): readonly Grant[] =>
  grants.filter((grant) => covers(grant.collection, project) || covers(project, grant.collection))

const has = (grants: readonly Grant[], role: Role): boolean => grants.some((grant) => rank(grant.role) >= rank(role))

export const seesProject = (grants: readonly Grant[], project: string): boolean => touches(grants, project).length > 0

export const seesApp = (grants: readonly Grant[], project: string, app: string): boolean =>
  reaches(grants, `${project}/${app}`).length > 0

/** Judges one action; the scope must hold what the action's reach speaks of. */
export function judge(grants: readonly Grant[], action: Action, scope: Scope): Verdict {
  const { reach, role } = actions[action]
  const project = scope.project ?? ''
  switch (reach) {
    case 'self':
      return 'allowed'
    case 'anywhere':
      return has(grants, role) ? 'allowed' : 'forbidden'
    case 'installation':
      return has(reaches(grants, '*'), role) ? 'allowed' : 'forbidden'
    case 'project':
      if (!seesProject(grants, project)) return 'hidden'
      return has(reaches(grants, project), role) ? 'allowed' : 'forbidden'
    case 'inProject':
      if (!seesProject(grants, project)) return 'hidden'
      return has(touches(grants, project), role) ? 'allowed' : 'forbidden'
    case 'app': {
      const own = reaches(grants, `${project}/${scope.app ?? ''}`)
      if (own.length === 0) return 'hidden'
      return has(own, role) ? 'allowed' : 'forbidden'
    }
  }
}

/** Whether an owner with `own` may hand out, see or revoke `grant`: nobody gives more than they have. */
export const mayGive = (own: readonly Grant[], grant: Grant): boolean =>
  own.some((mine) => mine.role === 'owner' && covers(mine.collection, grant.collection))
