/**
 * Ownership marks. They stand on the top objects of the swarm only, never in a container specification:
 * there a change would restart the container (rulings A5, A8).
 */
import type { AppKey, Site } from '../../model/app.ts'
import type { ResourceId } from '../../model/resource.ts'
import type { Labels } from './engine/types/common.ts'

export const mark = {
  install: 'io.escale.install',
  project: 'io.escale.project',
  app: 'io.escale.app',
  environment: 'io.escale.environment',
  unit: 'io.escale.unit',
  resource: 'io.escale.resource',
  intent: 'io.escale.intent',
  release: 'io.escale.release',
  /** `min-max` where the number of instances is somebody else's between the two. */
  scale: 'io.escale.scale',
  run: 'io.escale.run',
  job: 'io.escale.job',
  retries: 'io.escale.retries',
  timeoutMs: 'io.escale.timeout-ms',
  annotation: 'io.escale.annotation.',
} as const

/** Written anew by each release, and no reason to write by itself. */
export const passingMarks: ReadonlySet<string> = new Set([mark.intent, mark.release])

export interface Owner {
  readonly site: Site
  readonly key: AppKey
}

export const appLabels = ({ site, key }: Owner): Labels => ({
  [mark.install]: site.installId,
  [mark.project]: key.project,
  [mark.environment]: key.environment,
  [mark.app]: key.app,
})

/** Marks of what all apps of a project in one environment share. */
export const projectLabels = ({ site, key }: Owner): Labels => ({
  [mark.install]: site.installId,
  [mark.project]: key.project,
  [mark.environment]: key.environment,
})

export const labelFilter = (labels: Labels): readonly string[] =>
  Object.entries(labels).map(([name, value]) => `${name}=${value}`)

export const carries = (labels: Labels | null | undefined, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => labels?.[name] === value)

/** Whether an object is this very resource of this very app (rulings D1, D6). */
export const isOurs = (labels: Labels | null | undefined, wanted: Labels, resource: ResourceId): boolean =>
  carries(labels, wanted) && labels?.[mark.resource] === resource

/** The app that an object belongs to, by its marks; undefined where it is not of this installation. */
export function ownerOf(installId: string, labels: Labels | null | undefined): AppKey | undefined {
  if (labels?.[mark.install] !== installId) return undefined
  const { [mark.project]: project, [mark.app]: app, [mark.environment]: environment } = labels
  return project === undefined || app === undefined || environment === undefined
    ? undefined
    : { project, app, environment }
}
