/** Projects: what isolates names, tokens, roles, quotas and networks (DESIGN §11). */
import { EscaleError } from '../core/errors.ts'
import type { AppKey } from '../model/app.ts'
import type { Actor } from './actor.ts'
import type { Deps } from './deps.ts'
import { recordProjectEvents } from './events.ts'
import type { AppRecord, ProjectRecord } from './records.ts'
import { addresses } from './records.ts'
import type { ListOptions } from '../store/store.ts'

export const getProject = async (deps: Pick<Deps, 'store'>, name: string): Promise<ProjectRecord | undefined> =>
  (await deps.store.get<ProjectRecord>(addresses.project(name)))?.value

export async function listProjects(
  deps: Pick<Deps, 'store'>,
  page: ListOptions,
): Promise<{ items: readonly ProjectRecord[]; next?: string }> {
  const found = await deps.store.list<ProjectRecord>('project', 'all', page)
  return { items: found.items.map((item) => item.value), ...(found.next !== undefined && { next: found.next }) }
}

export async function createProject(
  deps: Deps,
  actor: Actor,
  name: string,
  allowed: readonly string[] = [],
): Promise<ProjectRecord> {
  const record: ProjectRecord = { name, createdAtMs: deps.clock.nowMs(), grants: allowed }
  const result = await deps.store.commit([{ put: addresses.project(name), value: record, ifAbsent: true }])
  if (!result.ok) throw new EscaleError('already-exists', `There is a project ${JSON.stringify(name)} already.`)
  await recordProjectEvents(deps, name, [{ type: 'project.created', actor: actor.subject, data: { grants: allowed } }])
  return record
}

/** Sets the dangerous options that the project's apps may use. */
export async function allowDangerous(
  deps: Deps,
  actor: Actor,
  name: string,
  allowed: readonly string[],
): Promise<{ before: ProjectRecord; after: ProjectRecord }> {
  const stored = await deps.store.get<ProjectRecord>(addresses.project(name))
  if (stored === undefined) throw new EscaleError('not-found', `There is no project ${JSON.stringify(name)}.`)
  const after: ProjectRecord = { ...stored.value, grants: allowed }
  const result = await deps.store.commit([{ put: addresses.project(name), value: after, ifVersion: stored.version }])
  if (!result.ok) {
    throw new EscaleError(
      'version-conflict',
      `Project ${JSON.stringify(name)} was changed by somebody else; try again.`,
    )
  }
  await recordProjectEvents(deps, name, [
    { type: 'project.changed', actor: actor.subject, data: { before: stored.value.grants, after: allowed } },
  ])
  return { before: stored.value, after }
}

/** Removed apps too: their records tell what was kept. */
async function appsOf(deps: Pick<Deps, 'store'>, project: string): Promise<readonly AppRecord[]> {
  const apps: AppRecord[] = []
  let after: string | undefined
  do {
    const page = await deps.store.list<AppRecord>('app', project, { ...(after !== undefined && { after }) })
    apps.push(...page.items.map((item) => item.value))
    after = page.next
  } while (after !== undefined)
  return apps
}

/** The first few by name, and how many there are beyond them. */
function someOf(names: readonly string[]): string {
  const shown = 5
  return names.length <= shown
    ? names.join(', ')
    : `${names.slice(0, shown).join(', ')} and ${String(names.length - shown)} more`
}

const keptVolumes = ({ key, identity }: AppRecord): readonly string[] =>
  Object.values(identity)
    .filter(({ holdsData }) => holdsData)
    .map(({ name }) => `${name} of ${key.app}`)

/** Only an empty project goes: neither apps nor their data nor secrets are deleted as a side effect (DESIGN §5). */
export async function removeProject(deps: Deps, actor: Actor, name: string): Promise<ProjectRecord> {
  const stored = await deps.store.get<ProjectRecord>(addresses.project(name))
  if (stored === undefined) throw new EscaleError('not-found', `There is no project ${JSON.stringify(name)}.`)
  const apps = await appsOf(deps, name)
  const refuseFor = (what: string, names: readonly string[], verb: string): void => {
    if (names.length === 0) return
    throw new EscaleError(
      'in-use',
      `Project ${JSON.stringify(name)} still has ${what} (${someOf(names)}); ${verb} them first.`,
    )
  }
  const live = apps.filter((app) => app.removedAtMs === undefined)
  refuseFor('apps', [...new Set(live.map(({ key }) => key.app))], 'remove')
  refuseFor(
    'secrets',
    (await deps.vault.list(`${name}/`)).map((path) => path.slice(name.length + 1)),
    'remove',
  )
  refuseFor('volumes that were kept', apps.flatMap(keptVolumes), 'delete')
  const result = await deps.store.commit([{ remove: addresses.project(name), ifVersion: stored.version }])
  if (!result.ok) {
    throw new EscaleError(
      'version-conflict',
      `Project ${JSON.stringify(name)} was changed by somebody else; try again.`,
    )
  }
  await recordProjectEvents(deps, name, [{ type: 'project.removed', actor: actor.subject, data: {} }])
  return stored.value
}

export const getAppRecord = async (deps: Pick<Deps, 'store'>, key: AppKey): Promise<AppRecord | undefined> =>
  (await deps.store.get<AppRecord>(addresses.app(key)))?.value
