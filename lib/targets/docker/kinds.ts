/** What plan asks of each kind of object: what differs, and how a change of a leaf becomes true (ruling D11). */
import type { JsonObject } from '../../core/hash.ts'
import type { ChangeMode, Resource } from '../../model/resource.ts'
import type { KindRules } from '../target.ts'
import { mark } from './labels.ts'
import { compare, isPassingLabel } from './normalise.ts'
import { parseRange } from './render/count.ts'
import { isObject, textOf } from './json.ts'

/** The longest prefix counts. */
type ChangeTable = readonly (readonly [prefix: string, mode: ChangeMode])[]

const serviceChanges: ChangeTable = [
  ['Name', 'refuse'],
  ['Labels', 'inPlace'],
  ['Mode', 'replace'],
  ['Mode.Replicated.Replicas', 'inPlace'],
  ['TaskTemplate', 'restart'],
  ['UpdateConfig', 'inPlace'],
  ['RollbackConfig', 'inPlace'],
  // A change of host ports replaces the tasks.
  ['EndpointSpec', 'restart'],
]

/** Swarm networks cannot be updated, and what is attached keeps them from being replaced; volumes hold data. */
const networkChanges: ChangeTable = [['', 'refuse']]
const volumeChanges: ChangeTable = [
  ['', 'refuse'],
  // A pin that somebody took off the node is put back.
  ['Pin', 'inPlace'],
]
/** Only labels of configs and secrets can be changed; their names carry their content, so it never does. */
const fileChanges: ChangeTable = [
  ['', 'newName'],
  ['Labels', 'inPlace'],
]

function changeIn(table: ChangeTable, path: string): ChangeMode {
  let best: readonly [string, ChangeMode] = ['', 'replace']
  for (const row of table) {
    const [prefix] = row
    if ((prefix === '' || path === prefix || path.startsWith(`${prefix}.`)) && prefix.length >= best[0].length)
      best = row
  }
  return best[1]
}

function rules(table: ChangeTable, runs: boolean, ignores: (path: string) => boolean): KindRules {
  const change = (path: string): ChangeMode => changeIn(table, path)
  return {
    differences: (resource, actual) => compare(resource, actual, { ignores, change }),
    change,
    runs,
  }
}

const replicas = 'Mode.Replicated.Replicas'

/** A number of instances inside the range is somebody else's to choose, and never drift (ruling A5). */
export function replicasFloat(resource: Resource, actual: JsonObject): boolean {
  const labels = resource.body['Labels']
  const range = parseRange(isObject(labels) ? textOf(labels[mark.scale]) : undefined)
  const count = nativeReplicas(actual)
  return range !== undefined && count !== undefined && count >= range.min && count <= range.max
}

export function nativeReplicas(body: JsonObject): number | undefined {
  const mode = body['Mode']
  const replicated = isObject(mode) ? mode['Replicated'] : undefined
  const count = isObject(replicated) ? replicated['Replicas'] : undefined
  return typeof count === 'number' ? count : undefined
}

/** The rhythm of updates is no meaning: going back writes another (`WriteContext.pace`). */
const service = rules(serviceChanges, true, (path) => isPassingLabel(path) || path.startsWith('UpdateConfig'))

/** Labels of networks and volumes can never be changed. */
const isLabel = (path: string): boolean => path.startsWith('Labels')

/** The engine never gives back a secret's data, and the helper's bytes are told by their hash in the name. */
const hiddenContent = (path: string): boolean =>
  isPassingLabel(path) || path === 'From' || path.startsWith('From.') || path.startsWith('StartHelper')

export const kinds: Readonly<Record<string, KindRules>> = {
  network: rules(networkChanges, false, isLabel),
  volume: rules(volumeChanges, false, (path) => isLabel(path) || path.startsWith('Near')),
  config: rules(fileChanges, false, hiddenContent),
  secret: rules(fileChanges, false, hiddenContent),
  service: {
    ...service,
    differences: (resource, actual) =>
      service.differences(resource, actual).filter(({ path }) => path !== replicas || !replicasFloat(resource, actual)),
  },
  run: rules(serviceChanges, true, isPassingLabel),
}
