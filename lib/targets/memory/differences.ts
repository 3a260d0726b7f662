/** Drift of simulated objects: a comparison leaf by leaf over what was sent. */
import type { Json, JsonObject } from '../../core/hash.ts'
import { stableStringify } from '../../core/hash.ts'
import type { ChangeMode, Difference, Resource } from '../../model/resource.ts'
import type { KindRules } from '../target.ts'

export function leafDifferences(
  resource: Resource,
  actual: JsonObject,
  change: (path: string) => ChangeMode,
): readonly Difference[] {
  const differences: Difference[] = []
  compare(resource.body, actual, '', differences, change)
  return differences
}

const isMap = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

function compare(
  desired: Json | undefined,
  actual: Json | undefined,
  path: string,
  out: Difference[],
  change: (path: string) => ChangeMode,
): void {
  if (isMap(desired) && isMap(actual)) {
    for (const key of [...new Set([...Object.keys(desired), ...Object.keys(actual)])].sort()) {
      compare(desired[key], actual[key], path === '' ? key : `${path}.${key}`, out, change)
    }
    return
  }
  if (stableStringify(desired) === stableStringify(actual)) return
  out.push({
    path,
    ...(actual === undefined ? {} : { actual: stableStringify(actual) }),
    ...(desired === undefined ? {} : { desired: stableStringify(desired) }),
    mode: change(path),
  })
}

const rules = (runs: boolean, change: (path: string) => ChangeMode): KindRules => ({
  differences: (resource, actual) => leafDifferences(resource, actual, change),
  change,
  runs,
})

export const memoryKinds: Readonly<Record<string, KindRules>> = {
  network: rules(false, () => 'replace'),
  volume: rules(false, (path) => (path === 'access' ? 'refuse' : 'inPlace')),
  secret: rules(false, () => 'newName'),
  service: rules(true, (path) => (path.startsWith('template') ? 'restart' : 'inPlace')),
  job: rules(false, () => 'newName'),
}
