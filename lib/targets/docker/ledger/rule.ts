/** What a rule of the ledger sees, and what it answers. */
import type { Code } from '../../../core/codes.ts'
import type { Disposition } from '../../../model/ledger.ts'
import type { Leaf } from '../../../model/leaf.ts'
import type { AppSpec, Container, JobUnit, ServiceUnit, Unit } from '../../../model/unit.ts'
import type { DockerFacts } from '../facts.ts'

export interface Scene {
  readonly leaf: Leaf
  readonly facts: DockerFacts
  readonly spec: AppSpec
}

export interface UnitScene extends Scene {
  readonly unit: Unit
  /** Native object, e.g. `service/web`. */
  readonly object: string
}

export interface ContainerScene extends UnitScene {
  readonly container: Container
}

export interface ServiceScene extends UnitScene {
  readonly unit: ServiceUnit
}

export interface JobScene extends UnitScene {
  readonly unit: JobUnit
}

export interface Verdict {
  readonly disposition: Disposition
  readonly native: readonly string[]
  readonly delta?: string
  readonly code?: Code
  readonly note?: string
  /** What to do about a refusal. */
  readonly fix?: string
}

export type Rule<S> = (scene: S) => Verdict

const at = (native: string | readonly string[]): readonly string[] =>
  typeof native === 'string' ? (native === '' ? [] : [native]) : native

export const exact = (native: string | readonly string[], note?: string): Verdict => ({
  disposition: 'exact',
  native: at(native),
  ...(note === undefined ? {} : { note }),
})

export const equivalent = (native: string | readonly string[], note: string): Verdict => ({
  disposition: 'equivalent',
  native: at(native),
  note,
})

export const approximated = (native: string | readonly string[], delta: string, note: string): Verdict => ({
  disposition: 'approximated',
  native: at(native),
  delta,
  note,
})

export const deferred = (note: string): Verdict => ({ disposition: 'deferred', native: [], note })

export const refused = (note: string, fix: string): Verdict => ({
  disposition: 'refused',
  native: [],
  code: 'backend-cannot',
  note,
  fix,
})

/** Something of Escale does it, beside the engine. */
export const byRuntime = (note: string): Verdict => equivalent('', `the runtime does it: ${note}`)

export const byIngress = (note = 'the ingress proxy serves it'): Verdict => equivalent('ingress', note)

export const containerSpec = (object: string, member: string): string =>
  `${object}:TaskTemplate.ContainerSpec.${member}`
