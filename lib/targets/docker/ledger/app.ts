/** The ledger's rules for what stands outside services and jobs. */
import { isIP } from 'node:net'
import type { AppField } from '../../../model/fields.ts'
import { existingVolume } from '../render/volume.ts'
import { approximated, byRuntime, deferred, equivalent, exact, refused } from './rule.ts'
import type { Rule, Scene } from './rule.ts'

type AppRule = Rule<Scene>

const word: AppRule = () => exact('', 'a word to the checks, not to the engine')
const vault: AppRule = ({ leaf }) =>
  equivalent(`secret/${leaf.path[1] ?? ''}`, 'the vault keeps the value; swarm gets one secret for each version')

const volumeOf = ({ spec, leaf }: Scene) => spec.volumes.find(({ name }) => name === leaf.path[1])

/** Swarm writes addresses into /etc/hosts; nothing here answers for another name yet. */
const forwarded: AppRule = ({ spec, leaf }) => {
  const external = spec.external.find(({ name }) => name === leaf.path[1])
  return external?.kind === 'host' && isIP(external.host) !== 0
    ? exact('TaskTemplate.ContainerSpec.Hosts', 'a line of /etc/hosts')
    : noForwarding()
}

const noForwarding = () =>
  refused(
    'a name for another name needs something that forwards, which is not there yet',
    'give the address, or let the service use the real host name',
  )

const noOutsideRoutes: AppRule = () => refused('routes to what is outside are not served yet', 'leave the route out')

export const appRules: Readonly<Record<AppField, AppRule>> = {
  'metadata.name': () => exact('Labels'),
  'metadata.project': () => exact('Labels'),
  'metadata.labels.*': () => exact('', 'kept with the release'),
  'metadata.annotations.*': () => exact('', 'kept with the release'),
  cluster: () => exact(''),
  'registries.*.username': () => exact('X-Registry-Auth'),
  'registries.*.password.secret': () => exact('X-Registry-Auth'),
  'registries.*.password.key': () => exact('X-Registry-Auth'),
  'config.*.values.*.text': () => exact('TaskTemplate.ContainerSpec.Env'),
  'config.*.values.*.allowPlain': word,
  'config.*.files.*.content': ({ leaf }) =>
    leaf.value === ''
      ? approximated('config', 'empty → one newline', 'the engine refuses empty files')
      : exact('config'),
  'config.*.files.*.mode': () => exact('TaskTemplate.ContainerSpec.Configs'),
  'config.*.files.*.allowPlain': word,
  'config.*.files.*.path': () => exact('config'),
  'config.*.files.*.base64': () => exact('config'),
  'secrets.*.generate.length': vault,
  'secrets.*.from': ({ leaf }) =>
    /^(ssm|secretsmanager|kubernetes):/.test(String(leaf.value))
      ? refused(`"${String(leaf.value)}" cannot be read from own machines`, 'use `store:` and `escale secrets set`')
      : equivalent(`secret/${leaf.path[1] ?? ''}`, 'the vault keeps the value; swarm gets one secret for each version'),
  'secrets.*.keys.*.from': ({ leaf }) =>
    /^(ssm|secretsmanager|kubernetes):/.test(String(leaf.value))
      ? refused(`"${String(leaf.value)}" cannot be read from own machines`, 'use `store:` and `escale secrets set`')
      : equivalent(
          `secret/${leaf.path[1] ?? ''}`,
          'the vault keeps the value; swarm gets one secret for each version and key',
        ),
  'secrets.*.join': vault,
  'secrets.*.allowPlain': word,
  'volumes.*.from': ({ leaf }) =>
    existingVolume(String(leaf.value)) === undefined
      ? refused(`"${String(leaf.value)}" cannot be mounted on own machines`, 'use `docker:NAME` or `nfs:SERVER/PATH`')
      : exact('TaskTemplate.ContainerSpec.Mounts'),
  'volumes.*.size': ({ leaf }) =>
    approximated(
      `volume/${leaf.path[1] ?? ''}`,
      `${String(leaf.value)} → the machine's limit`,
      'the engine limits no volume',
    ),
  'volumes.*.access': (scene) => {
    const { leaf } = scene
    if (leaf.value === 'single')
      return equivalent('UpdateConfig.Order', 'the old instance stops before the new one starts')
    return volumeOf(scene)?.class === 'default'
      ? equivalent('TaskTemplate.Placement.Constraints', 'all its users run on the machine that holds it')
      : exact(`volume/${leaf.path[1] ?? ''}`)
  },
  'volumes.*.class': ({ leaf }) =>
    leaf.value === 'default'
      ? equivalent('Driver', 'a volume of the machine, with a pin to it')
      : exact('Driver', 'a volume driver that the engines must have'),
  'volumes.*.backup.schedule': () => deferred('no backups are made yet'),
  'volumes.*.backup.keep': () => deferred('no backups are made yet'),
  'volumes.*.onDelete': () => byRuntime('volumes go only when they are named'),
  'networks.*.internal': ({ leaf }) => exact(`network/${leaf.path[1] ?? ''}:Internal`),
  'networks.*.scope': ({ leaf }) => exact(`network/${leaf.path[1] ?? ''}:Name`),
  'external.*.host': forwarded,
  'external.*.ports.*.port': forwarded,
  'external.*.ports.*.as': ({ spec, leaf }) => {
    const external = spec.external.find(({ name }) => name === leaf.path[1])
    return external?.kind === 'host' && isIP(external.host) !== 0
      ? refused('a line of /etc/hosts leads to the same port only', 'let callers use the port of the host')
      : noForwarding()
  },
  'external.*.ports.*.protocol': forwarded,
  'external.*.ports.*.app': forwarded,
  'external.*.routes.*.host': noOutsideRoutes,
  'external.*.routes.*.path': noOutsideRoutes,
  'external.*.routes.*.match': noOutsideRoutes,
  'external.*.routes.*.port': noOutsideRoutes,
  'external.*.routes.*.protocol': noOutsideRoutes,
  'external.*.routes.*.listen': noOutsideRoutes,
  'external.*.routes.*.tls': noOutsideRoutes,
  'external.*.routes.*.tls.secret': noOutsideRoutes,
  'external.*.routes.*.rewrite': noOutsideRoutes,
  'external.*.routes.*.redirectHttp': noOutsideRoutes,
  'external.*.routes.*.timeout': noOutsideRoutes,
  'external.*.routes.*.sticky': noOutsideRoutes,
  'external.*.routes.*.allow': noOutsideRoutes,
  'external.*.routes.*.public': noOutsideRoutes,
  'external.*.app': noForwarding,
  'external.*.service': noForwarding,
  approval: () => byRuntime('a gate of the deployment'),
}
