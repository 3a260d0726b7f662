/**
 * Native bodies as they were sent: what the engine adds or drops by itself is undone, so that a comparison sees
 * only what somebody meant (ruling A5). Swarm drops empty lists and zeros and fills in defaults.
 */
import { stableStringify } from '../../core/hash.ts'
import type { Json, JsonObject } from '../../core/hash.ts'
import type { ChangeMode, Difference, Resource } from '../../model/resource.ts'
import { isPassing } from './render/context.ts'
import { isObject, textOf } from './json.ts'

/** Empty lists, maps and texts, zeros and `false` are how the engine writes "not set". */
export const isUnset = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === 0 ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.values(value).every(isUnset))

/** Lists whose order means nothing. */
const setLists = new Set([
  'TaskTemplate.ContainerSpec.Env',
  'TaskTemplate.ContainerSpec.CapabilityAdd',
  'TaskTemplate.ContainerSpec.CapabilityDrop',
  'TaskTemplate.ContainerSpec.Hosts',
  'TaskTemplate.Placement.Constraints',
])

/** Lists whose entries are told apart by one of their members. */
const keyedLists: Readonly<Record<string, (entry: JsonObject) => string>> = {
  'TaskTemplate.Networks': (entry) => textOf(entry['Target']),
  'TaskTemplate.ContainerSpec.Mounts': (entry) => textOf(entry['Target']),
  'TaskTemplate.ContainerSpec.Configs': (entry) => fileName(entry),
  'TaskTemplate.ContainerSpec.Secrets': (entry) => fileName(entry),
  'TaskTemplate.ContainerSpec.Ulimits': (entry) => textOf(entry['Name']),
  'EndpointSpec.Ports': (entry) => `${textOf(entry['TargetPort'])}/${textOf(entry['Protocol'] ?? 'tcp')}`,
}

const fileName = (entry: JsonObject): string => {
  const file = entry['File']
  return isObject(file) ? textOf(file['Name']) : ''
}

export interface Comparison {
  /** Leaves that are not ours to compare. */
  readonly ignores: (path: string) => boolean
  readonly change: (path: string) => ChangeMode
}

/** Differences over the leaves that we sent; what the engine has beside them counts only where ours says "none". */
export function compare(resource: Resource, actual: JsonObject, comparison: Comparison): readonly Difference[] {
  const found: Difference[] = []
  walk('', resource.body, actual, comparison, (path, desired, has) => {
    const cause = causeOf(resource, path)
    found.push({
      path,
      ...(isUnset(has) ? {} : { actual: textOf(has) }),
      ...(isUnset(desired) ? {} : { desired: textOf(desired) }),
      ...(cause === undefined ? {} : { cause }),
      mode: comparison.change(path),
    })
  })
  return found
}

type Report = (path: string, desired: Json | undefined, actual: Json | undefined) => void

function walk(
  path: string,
  desired: Json | undefined,
  actual: Json | undefined,
  comparison: Comparison,
  report: Report,
): void {
  if (path !== '' && comparison.ignores(path)) return
  const keyed = keyedLists[path]
  if (keyed !== undefined) {
    walkObjects(path, byKey(desired, keyed), byKey(actual, keyed), comparison, report, true)
  } else if (isObject(desired) && (isObject(actual) || actual === undefined || actual === null)) {
    walkObjects(path, desired, isObject(actual) ? actual : {}, comparison, report, ownsWhole(path))
  } else if (!sameLeaf(path, desired, actual)) report(path, desired, actual)
}

/** Maps that we send whole: an entry that is not ours is a difference. Elsewhere unknown members are the engine's. */
const ownsWhole = (path: string): boolean =>
  path === 'Labels' || path === 'TaskTemplate.ContainerSpec.Sysctls' || path === 'TaskTemplate.ContainerSpec.Labels'

function walkObjects(
  path: string,
  desired: JsonObject,
  actual: JsonObject,
  comparison: Comparison,
  report: Report,
  whole: boolean,
): void {
  const names = whole ? [...new Set([...Object.keys(desired), ...Object.keys(actual)])] : Object.keys(desired)
  for (const name of names.toSorted()) {
    walk(path === '' ? name : `${path}.${name}`, desired[name], actual[name], comparison, report)
  }
}

const byKey = (list: Json | undefined, key: (entry: JsonObject) => string): JsonObject =>
  Object.fromEntries((Array.isArray(list) ? list : []).filter(isObject).map((entry) => [key(entry), entry]))

function sameLeaf(path: string, desired: Json | undefined, actual: Json | undefined): boolean {
  if (isUnset(desired) && isUnset(actual)) return true
  if (setLists.has(path) && Array.isArray(desired) && Array.isArray(actual))
    return stableStringify(desired.map(textOf).toSorted()) === stableStringify(actual.map(textOf).toSorted())
  return stableStringify(desired) === stableStringify(actual)
}

function causeOf(resource: Resource, path: string): string | undefined {
  let best: string | undefined
  for (const native of Object.keys(resource.causes)) {
    if ((path === native || path.startsWith(`${native}.`)) && (best === undefined || native.length > best.length))
      best = native
  }
  return best === undefined ? undefined : resource.causes[best]
}

export const isPassingLabel = (path: string): boolean =>
  path.startsWith('Labels.') && isPassing(path.slice('Labels.'.length))
