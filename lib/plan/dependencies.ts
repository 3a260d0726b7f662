/** Puts writes in order, and between them the waits, runs and gates that `dependsOn` and the release ask for. */
import { type Resource, type ResourceId, resourceLabel } from '../model/resource.ts'
import { jobUnits, type JobUnit, type ServiceUnit, serviceUnits, type Unit } from '../model/unit.ts'
import type { PlanContext, PlanInput } from './context.ts'
import { writtenAt } from './fold.ts'
import { approvalId, runId, verifyId, waitId } from './ids.ts'
import { readiness } from './readiness.ts'
import type { Condition, GateStep, RunStep, Step, StepId, WaitStep, WriteStep } from './step.ts'

export interface Dependencies {
  readonly steps: readonly Step[]
  readonly met: readonly StepId[]
}

export function dependencySteps(
  input: PlanInput,
  context: PlanContext,
  writes: ReadonlyMap<ResourceId, WriteStep>,
): Dependencies {
  return new DependencyBuilder(input, context, writes).build()
}

const perNodeSettleMs = 2_000

function waitForRun(job: string, after: readonly StepId[]): WaitStep {
  const condition: Condition = { kind: 'runEnded', job }
  const id = waitId('forward', condition, job)
  return { kind: 'wait', id, after, title: `wait until job ${job} has ended`, unit: job, condition }
}

class DependencyBuilder {
  readonly #input: PlanInput
  readonly #context: PlanContext
  readonly #writes: ReadonlyMap<ResourceId, WriteStep>
  readonly #services: ReadonlyMap<string, ServiceUnit>
  readonly #jobs: ReadonlyMap<string, JobUnit>
  readonly #running: ReadonlyMap<string, readonly Resource[]>
  readonly #resources: ReadonlyMap<ResourceId, Resource>
  readonly #waits = new Map<StepId, WaitStep>()
  readonly #runs = new Map<string, readonly Step[]>()
  readonly #met = new Set<StepId>()
  /** What comes before everything: the approval, if one is asked for. */
  readonly #first: StepId[] = []

  constructor(input: PlanInput, context: PlanContext, writes: ReadonlyMap<ResourceId, WriteStep>) {
    this.#input = input
    this.#context = context
    this.#writes = writes
    this.#services = new Map(serviceUnits(input.spec).map((unit) => [unit.name, unit]))
    this.#jobs = new Map(jobUnits(input.spec).map((unit) => [unit.name, unit]))
    this.#resources = new Map(input.desired.map((resource) => [resource.id, resource]))
    const running = new Map<string, Resource[]>()
    for (const resource of input.desired) {
      if (resource.unit === undefined || !context.runs(resource)) continue
      running.set(resource.unit, [...(running.get(resource.unit) ?? []), resource])
    }
    this.#running = running
  }

  build(): Dependencies {
    const gate = this.#approval()
    if (gate !== undefined) this.#first.push(gate.id)
    const writes = [...this.#writes.values()].map((write) => ({
      ...write,
      after: [...this.#first, ...this.#beforeWrite(write)],
    }))
    for (const resources of this.#running.values()) {
      for (const resource of resources) {
        if (this.#isTouched(resource)) this.#waitReady(resource)
      }
    }
    for (const job of this.#neededJobs()) this.#runOf(job)
    const main: Step[] = [
      ...(gate === undefined ? [] : [gate]),
      ...writes,
      ...[...this.#runs.values()].flat(),
      ...this.#waits.values(),
    ]
    return { steps: [...main, ...this.#verification(main.map((step) => step.id))], met: [...this.#met] }
  }

  #approval(): GateStep | undefined {
    const { spec, gated, progress, releaseHash } = this.#input
    const id = approvalId(releaseHash)
    if (spec.approval !== 'required' || !gated || this.#writes.size === 0 || progress.direction !== 'forward') return
    if (progress.approved.includes(id)) return
    return { kind: 'gate', id, after: [], title: 'wait for an approval', gate: { kind: 'approval' } }
  }

  /** Steps that a write must wait for. */
  #beforeWrite(write: WriteStep): readonly StepId[] {
    const resource = this.#resources.get(write.resource)
    if (resource === undefined) return []
    const needs = resource.needs.flatMap((id) => this.#writes.get(id)?.id ?? [])
    const inTurn = (resource.needsReady ?? []).flatMap((id) => this.#readyOf(id))
    const unit = resource.unit === undefined ? undefined : this.#unit(resource.unit)
    if (unit === undefined || !this.#context.runs(resource)) return [...needs, ...inTurn]
    const turn = write.action === 'create' || write.replacesInstances
    if (!turn) return needs
    const gates = this.#input.progress.direction === 'forward' ? this.#gates(unit) : this.#dependents(unit)
    return [...new Set([...needs, ...inTurn, ...gates])]
  }

  #readyOf(id: ResourceId): readonly StepId[] {
    const resource = this.#resources.get(id)
    const wait = resource === undefined ? undefined : this.#waitReady(resource)
    return wait === undefined ? [] : [wait.id]
  }

  /** `dependsOn`: release gates, in order. */
  #gates(unit: Unit): readonly StepId[] {
    if (!this.#input.gated) return []
    return Object.entries(unit.dependsOn).flatMap(([name, condition]) => {
      const job = this.#jobs.get(name)
      if (job !== undefined) return condition === 'completed' ? this.#runOf(job).map((step) => step.id) : []
      return (this.#running.get(name) ?? []).flatMap((resource) => {
        const wait = condition === 'started' ? this.#waitStarted(resource) : this.#waitReady(resource)
        return wait === undefined ? [] : [wait.id]
      })
    })
  }

  /**
   * Going back runs against the order of dependencies: who depends on the unit is written first (ruling E3). Its
   * readiness is not waited for: the old one may need the old of what it depends on.
   */
  #dependents(unit: Unit): readonly StepId[] {
    return this.#input.spec.units
      .filter((other) => unit.name in other.dependsOn)
      .flatMap((other) => this.#running.get(other.name) ?? [])
      .flatMap((resource) => this.#writes.get(resource.id)?.id ?? [])
  }

  #waitReady(resource: Resource): WaitStep | undefined {
    const unit = this.#services.get(resource.unit ?? '')
    const forward = this.#input.progress.direction === 'forward'
    const declaredMs = forward ? (unit?.update.rolling.settleMs ?? 0) : 0
    // How many workers there are nobody tells: right after the write "none wanted, none there" looks ready.
    const settleMs = unit?.mode === 'perNode' ? Math.max(declaredMs, perNodeSettleMs) : declaredMs
    return this.#wait(resource, { kind: 'ready', resource: resource.id, settleMs }, () => {
      const since = this.#input.progress.readySince[resource.id]
      const touched = writtenAt(this.#input.progress, resource.id) !== undefined
      return since !== undefined && (!touched || this.#input.nowMs - since >= settleMs)
    })
  }

  #waitStarted(resource: Resource): WaitStep | undefined {
    return this.#wait(resource, { kind: 'started', resource: resource.id }, () => {
      return readiness(resource, this.#context.units.get(resource.id)).started
    })
  }

  #wait(resource: Resource, condition: Condition, holds: () => boolean): WaitStep | undefined {
    const id = waitId(this.#input.progress.direction, condition, resource.intent)
    const known = this.#waits.get(id)
    if (known !== undefined) return known
    const write = this.#writes.get(resource.id)
    if (write === undefined) {
      if (this.#input.progress.met.includes(id)) return
      if (holds()) {
        if (this.#isTouched(resource)) this.#met.add(id)
        return
      }
    }
    const unit = this.#services.get(resource.unit ?? '')
    const step: WaitStep = {
      kind: 'wait',
      id,
      after: write === undefined ? [] : [write.id],
      title: `wait until ${resourceLabel(resource.id)} ${this.#awaited(resource, condition)}`,
      ...(resource.unit === undefined ? {} : { unit: resource.unit }),
      condition,
      ...(unit === undefined ? {} : { budget: unit.update.failFast }),
    }
    this.#waits.set(id, step)
    return step
  }

  /** What this deployment must see ready: all it writes, and what a rollout before it left stopped (ruling A2). */
  #awaited(resource: Resource, condition: Condition): string {
    if (this.#writes.get(resource.id)?.because === 'stopped') return 'has stopped'
    return condition.kind === 'started' ? 'has started' : 'is ready'
  }

  #isTouched(resource: Resource): boolean {
    const { progress } = this.#input
    if (this.#writes.has(resource.id) || writtenAt(progress, resource.id) !== undefined) return true
    return progress.direction === 'forward' && this.#context.units.get(resource.id)?.rollout?.state === 'stopped'
  }

  /** The steps left for one run of a job: start it, wait for its end. Empty once it succeeded. */
  #runOf(job: JobUnit): readonly Step[] {
    const known = this.#runs.get(job.name)
    if (known !== undefined) return known
    const fact = this.#input.progress.runs[job.name]
    if (fact?.state === 'succeeded') return []
    this.#runs.set(job.name, [])
    const start: RunStep | undefined =
      fact === undefined
        ? {
            kind: 'run',
            id: runId(job.name),
            after: [...new Set([...this.#first, ...this.#supportWrites(), ...this.#gates(job)])],
            title: `run job ${job.name}`,
            unit: job.name,
            job: job.name,
          }
        : undefined
    const wait = waitForRun(job.name, start === undefined ? [] : [start.id])
    const steps = start === undefined ? [wait] : [start, wait]
    this.#runs.set(job.name, steps)
    return steps
  }

  /** Writes of what a run may need: all that does not itself run. */
  #supportWrites(): readonly StepId[] {
    return [...this.#writes.values()]
      .filter((write) => !(this.#input.kinds[write.resourceKind]?.runs ?? false))
      .map((write) => write.id)
  }

  /** Jobs that belong to this deployment: those of the release that changed, and those that something changed depends on (ruling E2). */
  #neededJobs(): readonly JobUnit[] {
    const { gated, progress, changedJobs, spec } = this.#input
    if (!gated || progress.direction !== 'forward') return []
    const needed = new Set<string>(Object.keys(progress.runs))
    for (const job of this.#jobs.values()) {
      if (job.run === 'release' && changedJobs.has(job.name) && job.schedule === undefined) needed.add(job.name)
    }
    const changing = (unit: Unit): boolean =>
      unit.kind === 'job'
        ? needed.has(unit.name)
        : (this.#running.get(unit.name) ?? []).some((resource) => {
            const write = this.#writes.get(resource.id)
            return write !== undefined && (write.action === 'create' || write.replacesInstances)
          })
    for (let grew = true; grew;) {
      grew = false
      for (const unit of spec.units) {
        for (const [name, condition] of Object.entries(unit.dependsOn)) {
          if (condition !== 'completed' || !this.#jobs.has(name) || needed.has(name)) continue
          if (changing(unit) || changedJobs.has(name)) {
            needed.add(name)
            grew = true
          }
        }
      }
    }
    return [...this.#jobs.values()].filter((job) => needed.has(job.name) && !this.#isVerifier(job.name))
  }

  #isVerifier(job: string): boolean {
    return [...this.#services.values()].some((unit) => unit.update.verify === job)
  }

  #verification(before: readonly StepId[]): readonly Step[] {
    const { gated, progress } = this.#input
    if (!gated || progress.direction !== 'forward') return []
    const jobs = new Set<string>()
    for (const unit of this.#services.values()) {
      if (unit.update.verify === undefined) continue
      if ((this.#running.get(unit.name) ?? []).some((resource) => this.#isTouched(resource)))
        jobs.add(unit.update.verify)
    }
    return [...jobs]
      .filter((job) => progress.runs[job]?.state !== 'succeeded')
      .map((job) =>
        progress.runs[job] === undefined
          ? { kind: 'verify', id: verifyId(job), after: before, title: `verify by job ${job}`, unit: job, job }
          : waitForRun(job, before),
      )
  }

  #unit(name: string): Unit | undefined {
    return this.#services.get(name) ?? this.#jobs.get(name)
  }
}
