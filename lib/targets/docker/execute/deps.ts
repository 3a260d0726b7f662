/** What executors are made of, and what they share. */
import type { Clock, Log } from '../../../core/deps.ts'
import { EscaleError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/hash.ts'
import type { Resource } from '../../../model/resource.ts'
import type { WriteContext } from '../../target.ts'
import type { Engine } from '../engine/engine.ts'
import { isEngineError } from '../engine/errors.ts'
import type { CallOptions } from '../engine/call.ts'
import type { Labels } from '../engine/types/common.ts'
import { carries, isOurs, mark } from '../labels.ts'
import type { EngineOf } from '../exec.ts'
import { isObject, textOf } from '../json.ts'

export interface ExecutorDeps {
  /** The engine that leads the swarm: asked anew each time, since another may lead tomorrow. */
  readonly manager: () => Promise<Engine>
  /** The engine of a node; undefined where it cannot be reached from here. */
  readonly engineOf: EngineOf
  readonly clock: Clock
  readonly log: Log
  readonly startHelper: (arch: string) => Uint8Array | undefined
}

/** Every call ends before the lease may (ruling A3). */
export function callOptions({ clock }: Pick<ExecutorDeps, 'clock'>, context: WriteContext): CallOptions {
  return { timeoutMs: Math.max(1, context.deadlineMs - clock.nowMs()), signal: context.signal }
}

export const bodyLabels = (resource: Resource): Labels => {
  const labels = resource.body['Labels']
  return isObject(labels)
    ? Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, textOf(value)]))
    : {}
}

/** Marks that make an object this very resource: those of its owner. What a project shares names no app. */
export function ownerMarks(resource: Resource): Labels {
  const labels = bodyLabels(resource)
  const names = [mark.install, mark.project, mark.environment, mark.app]
  return Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])))
}

/** The object of that name is of this resource, or the name is somebody else's (ruling D1). */
export function demandOurs(resource: Resource, labels: Labels | null | undefined, what: string): void {
  if (isOurs(labels, ownerMarks(resource), resource.id)) return
  const owner =
    labels?.[mark.install] === undefined
      ? 'nothing of Escale'
      : [labels[mark.project], labels[mark.app], labels[mark.environment]].join('/')
  throw new EscaleError(
    'name-taken',
    `the ${what} "${resource.name}" exists already and belongs to ${owner}; remove or rename it, then deploy again`,
  )
}

/** Ours by the marks of site and app, for removals that know only a name. */
export const isOfApp = (context: WriteContext, labels: Labels | null | undefined): boolean =>
  carries(labels, {
    [mark.install]: context.site.installId,
    [mark.project]: context.key.project,
    [mark.environment]: context.key.environment,
  }) && (labels?.[mark.app] ?? context.key.app) === context.key.app

/** Creates; where the name is taken, looks whose it is: ours means that an earlier answer was lost. */
export async function createOrFind<T>(create: () => Promise<T>, find: () => Promise<T>): Promise<T> {
  try {
    return await create()
  } catch (error) {
    if (!isEngineError(error, 'nameTaken')) throw error
    return await find()
  }
}

/** Removes; not being there is success, and still being used is the caller's to try again. */
export async function removeQuietly(remove: () => Promise<void>, describe: () => string): Promise<void> {
  try {
    await remove()
  } catch (error) {
    if (isEngineError(error, 'notFound')) return
    if (isEngineError(error, 'inUse'))
      throw new EscaleError('in-use', `${describe()} is still in use: ${error.reason}`, { cause: error })
    throw error
  }
}

/** Follows `undefined` for what is not there. */
export async function found<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look
  } catch (error) {
    if (isEngineError(error, 'notFound')) return undefined
    throw error
  }
}

export const bodyText = (body: JsonObject, name: string): string => {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}
