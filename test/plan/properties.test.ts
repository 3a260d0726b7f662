import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shortHash } from '../../lib/core/hash.ts'
import { nothingObserved, type Observed } from '../../lib/model/observed.ts'
import type { Resource } from '../../lib/model/resource.ts'
import { freshRuntime } from '../../lib/model/release.ts'
import { type AppSpec, jobUnits } from '../../lib/model/unit.ts'
import type { PlanInput } from '../../lib/plan/context.ts'
import { fingerprint } from '../../lib/plan/fingerprint.ts'
import { makePlan, type Plan } from '../../lib/plan/plan.ts'
import { freshProgress, type Progress } from '../../lib/plan/progress.ts'
import { memoryKinds } from '../../lib/targets/memory/differences.ts'
import { renderMemory } from '../../lib/targets/memory/render.ts'
import type { IdentityMap } from '../../lib/targets/target.ts'
import { anySpec } from '../support/specs-arbitrary.ts'
import { release, service, spec } from '../support/specs.ts'

const nowMs = 1_000_000
const render = (app: AppSpec): readonly Resource[] =>
  renderMemory({
    site: { installId: 'test', cluster: 'local' },
    release: release(1, app),
    runtime: freshRuntime,
    capabilities: { target: 'memory', facts: {} },
    identity: {},
    grants: [],
    keyedHash: (value) => shortHash(value),
  }).resources

/** A world in which an app stands as it was asked for. */
function standing(resources: readonly Resource[]): { readonly observed: Observed; readonly identity: IdentityMap } {
  return {
    observed: {
      ...nothingObserved(nowMs),
      resources: resources.map(({ id, kind, name, intent, body }) => ({
        id,
        kind,
        name,
        nativeId: `n-${id}`,
        version: '1',
        intent,
        actual: body,
      })),
      units: resources.flatMap(({ id, kind, unit = '', template }) =>
        kind !== 'service'
          ? []
          : [
              {
                unit,
                resource: id,
                desired: 1,
                instances: [
                  {
                    unit,
                    nativeId: `i-${id}`,
                    state: 'ready' as const,
                    wanted: true,
                    sinceMs: 0,
                    ...(template === undefined ? {} : { template }),
                  },
                ],
              },
            ],
      ),
    },
    identity: Object.fromEntries(
      resources.map(({ id, kind, name, intent, holdsData }) => [
        id,
        { kind, name, intent, holdsData, nativeId: `n-${id}` },
      ]),
    ),
  }
}

function input(app: AppSpec, before: AppSpec | undefined, direction: Progress['direction'] = 'forward'): PlanInput {
  const there = before === undefined ? { observed: nothingObserved(nowMs), identity: {} } : standing(render(before))
  return {
    spec: app,
    releaseHash: shortHash(app),
    desired: render(app),
    ...there,
    kinds: memoryKinds,
    progress: freshProgress(nowMs, direction),
    changedJobs: new Set(
      jobUnits(app)
        .filter((unit) => !before?.units.some((old) => shortHash(old) === shortHash(unit)))
        .map((unit) => unit.name),
    ),
    deleteData: new Set(),
    gated: direction === 'forward',
    nowMs,
  }
}

const canonical = (plan: Plan): unknown => ({
  ...plan,
  steps: plan.steps.map((step) => ({ ...step, after: [...step.after].sort() })).sort((a, b) => (a.id < b.id ? -1 : 1)),
  kept: [...plan.kept].sort(),
  met: [...plan.met].sort(),
})

const anyChange = fc.record({
  app: anySpec,
  before: fc.option(anySpec, { nil: undefined }),
  direction: fc.constantFrom('forward' as const, 'rollback' as const),
})

describe('a plan of any app, from any other', () => {
  it('has unique steps, and waits only for steps that stand before', () => {
    fc.assert(
      fc.property(anyChange, ({ app, before, direction }) => {
        const { steps } = makePlan(input(app, before, direction))
        const seen = new Set<string>()
        for (const step of steps) {
          expect(seen.has(step.id)).toBe(false)
          for (const id of step.after) expect(seen.has(id), `${step.title} waits for ${id}`).toBe(true)
          seen.add(step.id)
        }
      }),
    )
  })

  it('is the same whatever the order of what it starts from', () => {
    fc.assert(
      fc.property(anyChange, fc.infiniteStream(fc.nat()), ({ app, before, direction }, chance) => {
        const shuffled = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => ({ item, at: chance.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item)
        const one = input(app, before, direction)
        const other: PlanInput = {
          ...one,
          spec: { ...one.spec, units: shuffled(one.spec.units) },
          desired: shuffled(one.desired),
          observed: {
            ...one.observed,
            resources: shuffled(one.observed.resources),
            units: shuffled(one.observed.units),
          },
          identity: Object.fromEntries(shuffled(Object.entries(one.identity))),
        }
        const [a, b] = [makePlan(one), makePlan(other)]
        expect(canonical(b)).toEqual(canonical(a))
        expect(fingerprint(other, b, freshRuntime)).toBe(fingerprint(one, a, freshRuntime))
      }),
    )
  })

  it('is empty where the world is as it was asked for', () => {
    fc.assert(
      fc.property(anySpec, (app) => {
        expect(makePlan(input(app, app)).steps).toEqual([])
      }),
    )
  })

  it('removes no data unasked', () => {
    fc.assert(
      fc.property(anySpec, anySpec, (app, before) => {
        const plan = makePlan(input(app, before))
        const kept = before.volumes.map((volume) => `volume/${volume.name}`)
        const removed = plan.steps.flatMap((step) =>
          step.kind === 'write' && step.action !== 'create' && step.action !== 'update' ? [step.resource] : [],
        )
        expect(removed.filter((id) => kept.includes(id))).toEqual([])
        const gone = kept.filter((id) => !app.volumes.some((volume) => `volume/${volume.name}` === id))
        expect([...plan.kept].sort()).toEqual(gone.sort())
      }),
    )
  })

  it('writes nothing but what it was given', () => {
    fc.assert(
      fc.property(anyChange, ({ app, before, direction }) => {
        const given = input(app, before, direction)
        const known = new Set([...given.desired.map((resource) => resource.id), ...Object.keys(given.identity)])
        for (const step of makePlan(given).steps) if (step.kind === 'write') expect(known.has(step.resource)).toBe(true)
      }),
    )
  })

  it('has no gate and no job on the way back', () => {
    fc.assert(
      fc.property(anySpec, anySpec, (app, before) => {
        const kinds = makePlan(input({ ...app, approval: 'required' }, before, 'rollback')).steps.map(
          (step) => step.kind,
        )
        expect(kinds.filter((kind) => kind === 'gate' || kind === 'run' || kind === 'verify')).toEqual([])
      }),
    )
  })
})

describe('the fingerprint of a plan', () => {
  it('moves with what is ours and not with instances, versions or a count that nobody wrote', () => {
    fc.assert(
      fc.property(anySpec, anySpec, (app, before) => {
        const given = input(app, before)
        const hash = (other: PlanInput): string => fingerprint(other, makePlan(other), freshRuntime)
        const busier: PlanInput = {
          ...given,
          nowMs: nowMs + 60_000,
          observed: {
            ...given.observed,
            resources: given.observed.resources.map((resource) => ({ ...resource, version: '99' })),
            units: given.observed.units.map((unit) => ({
              ...unit,
              desired: 7,
              instances: [...unit.instances, { ...unit.instances[0]!, nativeId: 'new' }],
            })),
          },
        }
        expect(hash(busier)).toBe(hash(given))
        expect(hash({ ...given, releaseHash: 'other' })).not.toBe(hash(given))
        const replaced = given.observed.resources.map((resource, index) =>
          index === 0 ? { ...resource, nativeId: 'by-hand' } : resource,
        )
        const byHand = { ...given, observed: { ...given.observed, resources: replaced } }
        const wanted = given.desired.some((resource) => resource.id === replaced[0]!.id)
        expect(hash(byHand) === hash(given)).toBe(!wanted)
      }),
    )
  })
})

describe('one instance per worker', () => {
  it('is not taken for ready right after it was written, when nobody tells how many there will be', () => {
    const app = spec([
      service('agent', {
        mode: 'perNode',
        update: {
          ...service('agent').update,
          rolling: { maxSurge: { count: 0 }, maxUnavailable: { count: 1 }, settleMs: 0 },
        },
      }),
    ])
    const given = input(app, app)
    const [agent] = given.desired.filter((resource) => resource.kind === 'service')
    const at = (sinceMs: number): readonly string[] => {
      const fact = {
        resource: agent!.id,
        direction: 'forward' as const,
        attempts: 1,
        intentAtMs: nowMs - sinceMs,
        doneAtMs: nowMs - sinceMs,
      }
      const progress = { ...given.progress, writes: { w: fact }, readySince: { [agent!.id]: nowMs - sinceMs } }
      const units = [{ unit: 'agent', resource: agent!.id, instances: [] }]
      return makePlan({ ...given, progress, observed: { ...given.observed, units } }).steps.map((step) => step.title)
    }
    expect(at(100)).toEqual(['wait until agent is ready'])
    expect(at(5_000)).toEqual([])
  })
})
