/** Apps of any shape, for properties that must hold whatever is asked for. */
import fc from 'fast-check'
import type { AppSpec, DependencyCondition, JobUnit, ServiceUnit, Unit, Volume } from '../../lib/model/unit.ts'
import { container, job, service, spec } from './specs.ts'

const serviceNames = ['api', 'db', 'web', 'worker'] as const
const jobNames = ['migrate', 'report'] as const
const volumeNames = ['data', 'media'] as const

const volume = (name: string): fc.Arbitrary<Volume> =>
  fc.record({
    name: fc.constant(name),
    // What a volume allows cannot change: it belongs to the name here.
    access: fc.constant(name === 'data' ? ('single' as const) : ('shared' as const)),
    class: fc.constant('default'),
    onDelete: fc.constantFrom('keep' as const, 'delete' as const),
  })

const serviceUnit = (name: string): fc.Arbitrary<ServiceUnit> =>
  fc
    .record({
      image: fc.constantFrom('app:1', 'app:2'),
      count: fc.integer({ min: 1, max: 3 }),
      mode: fc.oneof(
        { weight: 4, arbitrary: fc.constant('replicated' as const) },
        { weight: 1, arbitrary: fc.constantFrom('stateful' as const, 'perNode' as const) },
      ),
      maxSurge: fc.integer({ min: 0, max: 2 }),
      maxUnavailable: fc.integer({ min: 0, max: 2 }),
      settleMs: fc.constantFrom(0, 700),
      drainMs: fc.constantFrom(0, 300),
      strategy: fc.oneof(
        { weight: 4, arbitrary: fc.constant('rolling' as const) },
        { weight: 1, arbitrary: fc.constant('recreate' as const) },
      ),
    })
    .map(({ image, count, mode, maxSurge, maxUnavailable, settleMs, drainMs, strategy }) =>
      service(name, {
        mode,
        scale: mode === 'perNode' ? { min: 1, max: 1, schedule: {} } : { min: count, max: count, schedule: {} },
        main: container({ image: { reference: image }, stop: { graceMs: 1_000, drainMs }, from: `services.${name}` }),
        update: {
          ...service(name).update,
          strategy,
          rolling: { maxSurge: { count: maxSurge }, maxUnavailable: { count: maxUnavailable }, settleMs },
        },
      }),
    )

const jobUnit = (name: string): fc.Arbitrary<JobUnit> =>
  fc
    .record({
      image: fc.constantFrom('app:1', 'app:2'),
      run: fc.constantFrom('manual' as const, 'release' as const),
      retries: fc.integer({ min: 0, max: 1 }),
    })
    .map(({ image, run, retries }) =>
      job(name, { run, retries, main: container({ image: { reference: image }, from: `jobs.${name}` }) }),
    )

const conditions: readonly DependencyCondition[] = ['started', 'healthy']

/** Each unit may depend on those before it, so that no circle comes to be. */
const withDependencies = (units: readonly Unit[]): fc.Arbitrary<readonly Unit[]> =>
  fc
    .tuple(
      ...units.map((_, index) =>
        fc.array(
          fc.record({ on: fc.nat({ max: Math.max(0, index - 1) }), condition: fc.constantFrom(...conditions) }),
          { maxLength: index === 0 ? 0 : 2 },
        ),
      ),
    )
    .map((wishes) =>
      units.map((unit, index) => ({
        ...unit,
        dependsOn: Object.fromEntries(
          (wishes[index] ?? []).map(({ on, condition }) => [
            units[on]!.name,
            units[on]!.kind === 'job' ? 'completed' : condition,
          ]),
        ),
      })),
    )

/** One volume for some services; a volume for one writer has one writer. */
function withMounts(units: readonly Unit[], volumes: readonly Volume[]): readonly Unit[] {
  let next = 0
  return units.map((unit) => {
    if (unit.kind !== 'service' || unit.mode !== 'replicated' || next >= volumes.length) return unit
    const chosen = volumes[next++]!
    const mounts = [{ path: '/data', from: unit.from, kind: 'volume' as const, volume: chosen.name, readOnly: false }]
    const scale = chosen.access === 'single' ? { min: 1, max: 1, schedule: {} } : unit.scale
    return { ...unit, scale, main: { ...unit.main, mounts } }
  })
}

export const anySpec: fc.Arbitrary<AppSpec> = fc
  .record({
    services: fc.subarray([...serviceNames], { minLength: 1 }),
    jobs: fc.subarray([...jobNames]),
    volumes: fc.subarray([...volumeNames]),
    back: fc.boolean(),
  })
  .chain(({ services, jobs, volumes, back }) =>
    fc
      .tuple(
        fc
          .tuple(...services.map(serviceUnit), ...jobs.map(jobUnit))
          .chain((units) => fc.shuffledSubarray([...units], { minLength: units.length })),
        fc.tuple(...volumes.map(volume)),
      )
      .chain(([units, made]) =>
        withDependencies(units).map((connected) =>
          spec(withMounts(connected, made), {
            volumes: made,
            networks: ['default', ...(back ? ['back'] : [])].map((name) => ({ name, internal: false, scope: 'app' })),
          }),
        ),
      ),
  )
