/** The ledger's rules for what services have beside their container. */
import type { ServiceField } from '../../../model/fields.ts'
import { mayOverlap } from '../render/update.ts'
import { approximated, byIngress, byRuntime, deferred, exact, refused } from './rule.ts'
import type { Rule, ServiceScene } from './rule.ts'

type ServiceRule = Rule<ServiceScene>

const to =
  (member: string, note?: string): ServiceRule =>
  ({ object }) =>
    exact(`${object}:${member}`, note)

const rhythm: ServiceRule = ({ object, unit, spec, leaf }) => {
  const single = new Set(spec.volumes.filter(({ access }) => access === 'single').map(({ name }) => name))
  const native = `${object}:UpdateConfig`
  if (unit.mode === 'perNode' || unit.mode === 'stateful' || mayOverlap(unit, single)) return exact(native)
  const why = unit.publish.length > 0 ? 'a published port' : 'a volume with a single writer'
  return leaf.pattern.endsWith('maxSurge')
    ? approximated(
        native,
        `${JSON.stringify(leaf.value)} → 0`,
        `${why} lets no second instance start beside the first: the old one stops first`,
      )
    : exact(native)
}

/** Releases by weight need two tracks at the route; until those are there an update rolls. */
const tracks: ServiceRule = ({ unit }) =>
  unit.update.strategy === 'rolling' || unit.update.strategy === 'recreate'
    ? exact('')
    : approximated(
        'UpdateConfig',
        `${unit.update.strategy} → rolling`,
        'there are no tracks with weights yet: the update rolls',
      )

const byLoad: ServiceRule = () =>
  deferred('nothing sets the number of instances by load or time yet: it stays at `scale.min`')

export const serviceRules: Readonly<Record<ServiceField, ServiceRule>> = {
  'routes.*.host': () => byIngress(),
  'routes.*.path': () => byIngress(),
  'routes.*.match': () => byIngress(),
  'routes.*.port': () => byIngress(),
  'routes.*.protocol': ({ leaf }) =>
    leaf.value === 'udp'
      ? approximated(
          'EndpointSpec.Ports',
          'balanced → the instances of each machine',
          'UDP goes by ports of the machines',
        )
      : byIngress(),
  'routes.*.listen': () => byIngress(),
  'routes.*.tls': ({ leaf }) =>
    leaf.value === 'none'
      ? byIngress()
      : leaf.value === 'auto'
        ? approximated('ingress', 'https where it can be → http', 'the ingress serves no TLS yet')
        : refused('the ingress serves no TLS yet', 'use `tls: none`, and end TLS before it'),
  'routes.*.tls.secret': () => refused('the ingress serves no TLS yet', 'use `tls: none`, and end TLS before it'),
  'routes.*.rewrite': () => byIngress(),
  'routes.*.redirectHttp': () => deferred('without TLS there is nothing to lead to'),
  'routes.*.timeout': () => byIngress(),
  'routes.*.sticky': () => byIngress(),
  'routes.*.allow': () => byIngress(),
  'routes.*.public': ({ leaf }) =>
    leaf.value === true ? byIngress() : byIngress('only callers from private addresses are let in'),
  'publish.*.port': to('EndpointSpec.Ports', 'a port of the machine that an instance is on'),
  'publish.*.address': ({ leaf }) =>
    refused(
      `swarm opens ports on all addresses of a machine; "${String(leaf.value)}" is not widened to all`,
      'take `address` away, or use a route with `allow`',
    ),
  aliases: to('TaskTemplate.Networks.Aliases'),
  discovery: ({ object, facts, unit, leaf }) => {
    const native = `${object}:EndpointSpec.Mode`
    if (leaf.value === 'instances' || facts.ipvs || unit.networks.length === 0) return exact(native)
    return approximated(
      native,
      'one stable address → all addresses behind the name',
      'the kernel lacks IPVS; callers must look names up again after an update',
    )
  },
  mode: ({ object, unit, leaf }) =>
    leaf.value === 'stateful' && unit.main.health?.ready !== undefined
      ? approximated(
          `${object}:Mode`,
          'names answer before an instance is ready → once it is ready for the first time',
          'swarm gives out the names of healthy tasks only',
        )
      : exact(`${object}:Mode`),
  'scale.min': to('Mode.Replicated.Replicas'),
  'scale.max': (scene) =>
    scene.unit.scale.max === scene.unit.scale.min ? exact(`${scene.object}:Mode.Replicated.Replicas`) : byLoad(scene),
  'scale.targets.cpu': byLoad,
  'scale.targets.memory': byLoad,
  'scale.targets.requests': byLoad,
  'scale.targets.latency': byLoad,
  'scale.targets.metrics.*.from': (scene) =>
    String(scene.leaf.value).startsWith('prometheus:')
      ? byLoad(scene)
      : refused(`"${String(scene.leaf.value)}" cannot be asked from own machines`, 'use `prometheus:QUERY`'),
  'scale.targets.metrics.*.perInstance': byLoad,
  'scale.targets.metrics.*.value': byLoad,
  'scale.cooldown.in': byLoad,
  'scale.cooldown.out': byLoad,
  'scale.schedule.*.cron': byLoad,
  'scale.schedule.*.tz': byLoad,
  'scale.schedule.*.min': byLoad,
  'scale.schedule.*.max': byLoad,
  'scale.idleAfter': byLoad,
  'update.strategy': (scene) => tracks(scene),
  'update.rolling.maxSurge': rhythm,
  'update.rolling.maxUnavailable': rhythm,
  'update.rolling.settle': to('UpdateConfig.Delay'),
  'update.canary.steps': tracks,
  'update.canary.every': tracks,
  'update.canary.bake': tracks,
  'update.linear.step': tracks,
  'update.linear.every': tracks,
  'update.linear.bake': tracks,
  'update.blueGreen.bake': tracks,
  'update.failFast.firstReadyWithin': to('UpdateConfig.Monitor'),
  'update.failFast.crashLoops': () => byRuntime('it counts what fails and ends the deployment'),
  'update.rollback.auto': () => byRuntime('swarm pauses by itself, the runtime rolls back'),
  'update.rollback.when.*.metric': () => deferred('metrics of the ingress decide it once they are kept'),
  'update.rollback.when.*.above': () => deferred('metrics of the ingress decide it once they are kept'),
  'update.rollback.when.*.for': () => deferred('metrics of the ingress decide it once they are kept'),
  'update.rollback.speed': () => byRuntime('going back does not wait between batches'),
  'update.verify': () => byRuntime('it runs the job after the update'),
}
