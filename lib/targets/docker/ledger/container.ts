/** The ledger's rules for containers. Total: a field without a rule does not compile. */
import type { ContainerField } from '../../../model/fields.ts'
import { canRestrictPrivileges } from '../render/security.ts'
import { containerUser, isRoot } from '../render/identity.ts'
import { atLeast } from '../engine/version.ts'
import { helperRefused, unitHealthNeed } from '../render/container.ts'
import { existingVolume } from '../render/volume.ts'
import { approximated, byRuntime, containerSpec, equivalent, exact, refused } from './rule.ts'
import type { ContainerScene, Rule, Verdict } from './rule.ts'

type ContainerRule = Rule<ContainerScene>

const to =
  (member: string, note?: string): ContainerRule =>
  ({ object }) =>
    exact(containerSpec(object, member), note)

const helperFix = 'take `allow: {startHelper: never}` away'

/** Done by the start helper, unless the unit does not want it. */
const byHelper =
  (member: string, what: string): ContainerRule =>
  ({ object, unit }) =>
    helperRefused(unit)
      ? refused(`${what} needs the start helper, which the unit does not allow`, helperFix)
      : equivalent(
          [containerSpec(object, member), containerSpec(object, 'Configs')],
          `the start helper does it: ${what}`,
        )

const file: ContainerRule = ({ object, container, leaf }) => {
  const user = containerUser(container)
  const member = leaf.pattern.includes('secret') ? 'Secrets' : 'Configs'
  if (user.kind === 'named')
    return approximated(
      containerSpec(object, member),
      `owner ${user.name} → root, readable by all`,
      'the engine gives files to numbered users only; write `user` as numbers to have its own',
    )
  return exact(containerSpec(object, member))
}

const environmentSecret: ContainerRule = byHelper(
  'Secrets',
  'secrets are read into the environment as the program starts, and do not show in inspect',
)

const instance: ContainerRule = (scene) => {
  const { leaf, object, unit } = scene
  if (leaf.value === 'ip') return byHelper('Command', 'the address is known inside the container only')(scene)
  const ordinal = leaf.value === 'ordinal' && !(unit.kind === 'service' && unit.mode === 'stateful')
  return ordinal
    ? approximated(containerSpec(object, 'Env'), 'counts from 0 → counts from 1', "swarm's slot numbers begin at 1")
    : exact(containerSpec(object, 'Env'))
}

const check: ContainerRule = ({ object, unit, container, leaf }) => {
  const need = unitHealthNeed(unit, container)
  const native = containerSpec(object, 'Healthcheck')
  if (need.kind === 'direct') return exact(native, 'the engine runs the command itself')
  if (helperRefused(unit))
    return refused('only one exec check, the same for `ready` and `live`, works without the start helper', helperFix)
  if (leaf.pattern.endsWith('.https'))
    return approximated(native, 'https → tcp', 'the start helper speaks no TLS: the port must answer')
  if (leaf.pattern.includes('.ready.'))
    return equivalent(
      native,
      'the start helper checks: healthy at the first success, which decides when names and rollouts count it; later the ingress asks by itself',
    )
  return equivalent(native, 'the start helper checks; an unhealthy task is replaced')
}

const grant =
  (verdict: Verdict): ContainerRule =>
  ({ leaf }) =>
    leaf.value === true ? verdict : exact('')

const size =
  (member: string): ContainerRule =>
  ({ object }) =>
    exact(`${object}:TaskTemplate.Resources.${member}`)

const port: ContainerRule = ({ leaf }) =>
  equivalent(
    '',
    leaf.written
      ? 'what the process listens on: overlay networks carry every port'
      : 'overlay networks carry every port',
  )

export const containerRules: Readonly<Record<ContainerField, ContainerRule>> = {
  image: ({ object, container }) =>
    container.image.pinned === undefined && container.image.localId !== undefined
      ? equivalent(
          containerSpec(object, 'Image'),
          'no registry knows the image: it is told apart by its id on this engine',
        )
      : exact(containerSpec(object, 'Image'), 'pinned to its digest'),
  'build.context': () =>
    byRuntime('images are built on the machine and end in a digest in the registry of the cluster'),
  'build.dockerfile': () => byRuntime('built with this file'),
  'build.target': () => byRuntime('built up to this stage'),
  'build.args.*': () => byRuntime('given to the build'),
  'build.platforms': ({ facts, leaf }) => {
    const wanted = Array.isArray(leaf.value)
      ? leaf.value.map((platform) => String(platform).replace(/^linux\//, ''))
      : []
    const foreign = wanted.filter((arch) => !facts.architectures.includes(arch))
    return foreign.length === 0
      ? byRuntime('built for the machines there are')
      : approximated(
          '',
          `${wanted.join(', ')} → ${facts.architectures.join(', ')}`,
          'the engine builds for its own architecture',
        )
  },
  entrypoint: to('Command'),
  command: to('Args'),
  workdir: to('Dir'),
  user: to('User'),
  'env.*.text': to('Env'),
  'env.*.allowPlain': () => exact('', 'a word to the checks, not to the engine'),
  'env.*.secret': environmentSecret,
  'env.*.key': ({ object, leaf, container }) => {
    const value = container.env[leaf.path.at(-2) ?? '']
    return value?.kind === 'secret' ? environmentSecretVerdict(object) : exact(containerSpec(object, 'Env'))
  },
  'env.*.config': to('Env'),
  'env.*.instance': instance,
  'env.*.url': to('Env'),
  'env.*.address': to('Env'),
  'envFrom.*': (scene) =>
    scene.leaf.value === 'secret' ? environmentSecret(scene) : exact(containerSpec(scene.object, 'Env')),
  'files.*.config': file,
  'files.*.key': file,
  'files.*.mode': file,
  'files.*.secret': file,
  'mounts.*.volume': (scene) => volumeMount(scene),
  'mounts.*.readOnly': to('Mounts'),
  'mounts.*.subPath': ({ facts, object }) =>
    atLeast(facts.api, '1.45')
      ? exact(containerSpec(object, 'Mounts'))
      : refused(
          `a folder inside a volume cannot be mounted by this engine (API ${facts.api}; 1.45, Docker 26, can)`,
          'mount the whole volume, or update the engine',
        ),
  'mounts.*.tmpfs': to('Mounts'),
  'mounts.*.scratch': ({ object, unit, leaf }) => {
    const scratch = unit.scratch.find(({ name }) => name === leaf.value)
    if (shared(scratch?.name, unit))
      return refused(
        'containers of one instance do not share space here',
        'use a named volume, or keep the files in one container',
      )
    return equivalent(
      containerSpec(object, 'Mounts'),
      scratch?.memory === true ? 'a tmpfs' : 'a volume without a name, gone with the container',
    )
  },
  'mounts.*.host': to('Mounts', 'needs the grant `hostPath`'),
  'size.cpu': size('Reservations.NanoCPUs'),
  'size.memory': size('Reservations.MemoryBytes'),
  'size.limits.cpu': size('Limits.NanoCPUs'),
  'size.limits.memory': size('Limits.MemoryBytes'),
  'size.ephemeral': ({ leaf }) =>
    approximated(
      '',
      `${String(leaf.value)} → not limited`,
      'swarm neither reserves nor limits the space of containers',
    ),
  'size.gpu': ({ leaf, object }) =>
    leaf.value === 0
      ? exact('')
      : equivalent(
          `${object}:TaskTemplate.Resources.Reservations.GenericResources`,
          'nodes must announce `gpu` as a generic resource',
        ),
  'health.ready.http': check,
  'health.ready.port': check,
  'health.ready.interval': check,
  'health.ready.timeout': check,
  'health.ready.failures': check,
  'health.ready.https': check,
  'health.ready.tcp': check,
  'health.ready.grpc': check,
  'health.ready.service': check,
  'health.ready.exec': check,
  'health.live.http': check,
  'health.live.port': check,
  'health.live.interval': check,
  'health.live.timeout': check,
  'health.live.failures': check,
  'health.live.https': check,
  'health.live.tcp': check,
  'health.live.grpc': check,
  'health.live.service': check,
  'health.live.exec': check,
  'health.startup.within': to('Healthcheck.StartPeriod'),
  'health.startup.http': check,
  'health.startup.https': check,
  'health.startup.tcp': check,
  'health.startup.grpc': check,
  'health.startup.exec': check,
  'health.startup.port': check,
  'health.startup.service': check,
  'health.startup.interval': check,
  'health.startup.timeout': check,
  'stop.signal': to('StopSignal'),
  'stop.grace': to('StopGracePeriod'),
  'stop.drain': (scene) =>
    scene.container.stop.drainMs === 0
      ? exact('')
      : byHelper('StopGracePeriod', 'the stop signal is held back for this long')(scene),
  'stop.exec': (scene) =>
    (scene.container.stop.exec ?? []).length === 0
      ? exact('')
      : byHelper('Command', 'the command runs before the program gets its stop signal')(scene),
  'security.runAsNonRoot': () => exact('', 'checked against the image before anything is written'),
  'security.readOnlyRoot': to('ReadOnly'),
  'security.capabilities.add': to('CapabilityAdd'),
  'security.capabilities.drop': to('CapabilityDrop'),
  'security.privileged': grant(
    refused(
      'swarm has no privileged containers',
      'add the capabilities that are needed under `security.capabilities.add`',
    ),
  ),
  'security.hostNetwork': grant(exact('TaskTemplate.Networks', 'needs the grant `hostNetwork`')),
  'security.hostPid': grant(
    refused("swarm cannot share the machine's processes", 'run the container outside of Escale'),
  ),
  'security.seccomp': ({ leaf, facts, object }) => {
    if (leaf.value === 'default') return exact('')
    if (leaf.value === 'unconfined' && canRestrictPrivileges(facts.api))
      return exact(containerSpec(object, 'Privileges.Seccomp'))
    return refused(
      `the seccomp profile "${String(leaf.value)}" cannot be set on this engine (API ${facts.api}; \`unconfined\` works from 1.44, Docker 25)`,
      'use the default profile, or update the engine',
    )
  },
  'kernel.sysctls.*': to('Sysctls'),
  'kernel.ulimits.*.soft': to('Ulimits'),
  'kernel.ulimits.*.hard': to('Ulimits'),
  'kernel.shm': ({ object }) => equivalent(containerSpec(object, 'Mounts'), 'a tmpfs of that size at /dev/shm'),
  'kernel.init': to('Init', 'where the start helper is the first process, it does the same'),
  allowPlain: () => exact('', 'a word to the checks, not to the engine'),
  'ports.*.port': port,
  'ports.*.as': ({ leaf, container }) => {
    const own = container.ports.find(({ name }) => name === leaf.path.at(-2))
    return own === undefined || own.as === undefined || own.as === own.port
      ? exact('')
      : refused(
          `callers would reach port ${own.port}, not ${own.as}: names lead to the container itself here`,
          `let the process listen on ${own.as}, or let callers use ${own.port}`,
        )
  },
  'ports.*.protocol': port,
  'ports.*.app': port,
}

const environmentSecretVerdict = (object: string): Verdict =>
  equivalent(
    [containerSpec(object, 'Secrets'), containerSpec(object, 'Configs')],
    'the start helper does it: secrets are read into the environment as the program starts',
  )

const shared = (name: string | undefined, unit: ContainerScene['unit']): boolean =>
  name !== undefined &&
  [unit.main, ...unit.sidecars, ...unit.init].filter(({ mounts }) =>
    mounts.some((mount) => mount.kind === 'scratch' && mount.scratch === name),
  ).length > 1

function volumeMount({ object, leaf, spec, container }: ContainerScene): Verdict {
  const native = containerSpec(object, 'Mounts')
  const volume = spec.volumes.find(({ name }) => name === leaf.value)
  if (volume?.existing !== undefined)
    return existingVolume(volume.existing) === undefined
      ? refused(`"${volume.existing}" cannot be mounted here`, 'use `docker:NAME` or `nfs:SERVER/PATH`')
      : exact(native)
  if (isRoot(containerUser(container))) return exact(native)
  return approximated(
    native,
    "empty → as the image's folder",
    "the engine gives a volume the owner of the image's folder, and what lies in it",
  )
}
