/**
 * What swarm has no form for, said in forms it has, where the author allowed it (ruling C2): a sidecar becomes a
 * service on the same networks, reached by name instead of localhost; an init becomes a job of the release.
 */
import type { AppSpec, Container, JobUnit, ServiceUnit, Sidecar, Unit } from '../../model/unit.ts'

export const allowsSplit = (unit: Unit): boolean => unit.allow['sidecars'] === 'approximated'

export function adapt(spec: AppSpec): AppSpec {
  return { ...spec, units: spec.units.flatMap(adaptUnit) }
}

function adaptUnit(unit: Unit): readonly Unit[] {
  if (!allowsSplit(unit) || (unit.sidecars.length === 0 && unit.init.length === 0)) return [unit]
  const inits = unit.init.map((container, index) => initJob(unit, container, unit.init[index - 1]))
  const last = inits.at(-1)
  const dependsOn = last === undefined ? unit.dependsOn : { ...unit.dependsOn, [last.name]: 'completed' as const }
  // A run has no companions: the sidecars of a job stay where they are, and are refused.
  if (unit.kind === 'job') return [...inits, { ...unit, init: [], dependsOn }]
  const own = { ...unit, sidecars: [], init: [], dependsOn: { ...dependsOn, ...startedFirst(unit) } }
  return [...inits, ...unit.sidecars.map((sidecar) => sidecarService(unit, sidecar)), own]
}

const pieceName = (unit: Unit, container: Container): string => `${unit.name}-${container.name}`

const startedFirst = (unit: ServiceUnit): Readonly<Record<string, 'started'>> =>
  Object.fromEntries(
    unit.sidecars
      .filter(({ startBefore }) => startBefore)
      .map((sidecar) => [pieceName(unit, sidecar), 'started' as const]),
  )

function sidecarService(unit: ServiceUnit, sidecar: Sidecar): ServiceUnit {
  return {
    ...unit,
    name: pieceName(unit, sidecar),
    main: sidecar,
    sidecars: [],
    init: [],
    routes: [],
    publish: unit.publish.filter(({ port }) => sidecar.ports.some(({ name }) => name === port)),
    aliases: [sidecar.name],
    dependsOn: {},
    from: sidecar.from,
  }
}

function initJob(unit: Unit, container: Container, before: Container | undefined): JobUnit {
  const { kind: _kind, ...rest } = unit
  return {
    name: pieceName(unit, container),
    main: container,
    sidecars: [],
    init: [],
    scratch: rest.scratch,
    networks: rest.networks,
    dependsOn: before === undefined ? unit.dependsOn : { [pieceName(unit, before)]: 'completed' },
    ...(rest.identity === undefined ? {} : { identity: rest.identity }),
    placement: rest.placement,
    logs: rest.logs,
    dns: rest.dns,
    labels: rest.labels,
    annotations: rest.annotations,
    allow: rest.allow,
    override: {},
    from: container.from,
    kind: 'job',
    run: 'release',
    retries: 0,
    completions: 1,
    parallelism: 1,
    history: 5,
    keepForMs: 86_400_000,
  }
}
