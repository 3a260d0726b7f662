/** The ledger's rules for what services and jobs share, for jobs, and for sidecars. */
import type { JobField, SidecarField, WorkloadField } from '../../../model/fields.ts'
import { logSchemes, splitScheme } from '../render/logs.ts'
import { approximated, byRuntime, containerSpec, equivalent, exact, refused } from './rule.ts'
import type { ContainerScene, JobScene, Rule, UnitScene } from './rule.ts'

type UnitRule = Rule<UnitScene>

const to =
  (member: string, note?: string): UnitRule =>
  ({ object }) =>
    exact(`${object}:${member}`, note)

const only =
  (allowed: readonly unknown[], note: string, fix: string): UnitRule =>
  ({ leaf }) =>
    allowed.includes(leaf.value) ? exact('') : refused(note, fix)

const noIdentity: UnitRule = ({ leaf }) =>
  leaf.value === null || leaf.value === undefined
    ? exact('')
    : refused('own machines give containers no identity in a cloud', 'give credentials by a secret')

const tolerate: UnitRule = () => equivalent('', 'swarm nodes have no taints: there is nothing to tolerate')

export const workloadRules: Readonly<Record<WorkloadField, UnitRule>> = {
  'scratch.*.size': ({ unit, leaf, object }) => {
    const scratch = unit.scratch.find(({ name }) => name === leaf.path[3])
    return scratch?.memory === true
      ? exact(containerSpec(object, 'Mounts'))
      : approximated(
          containerSpec(object, 'Mounts'),
          `${String(leaf.value)} → the machine's limit`,
          'the engine limits no volume',
        )
  },
  'scratch.*.memory': ({ object }) => exact(containerSpec(object, 'Mounts')),
  networks: ({ leaf, object }) =>
    Array.isArray(leaf.value) && leaf.value.length === 0
      ? equivalent(`${object}:TaskTemplate.Networks`, 'a network of its own that leads nowhere')
      : exact(`${object}:TaskTemplate.Networks`),
  'dependsOn.*': () => byRuntime('a gate of the release'),
  'identity.permissions.*.resource': noIdentity,
  'identity.permissions.*.access': noIdentity,
  'identity.awsRole': noIdentity,
  'identity.serviceAccount': noIdentity,
  'placement.capacity': only(['any', 'workers'], 'own machines are all there is', 'use `capacity: workers` or `any`'),
  'placement.spot': only(['never', 'prefer'], 'own machines are not bought on a spot market', 'use `spot: never`'),
  'placement.pool': to('TaskTemplate.Placement.Constraints', 'nodes are of a pool by their label `pool`'),
  'placement.arch': to('TaskTemplate.Placement.Platforms'),
  'placement.os': only(['linux'], 'nodes of this target run Linux', 'use `os: linux`'),
  'placement.spread.zone': ({ leaf, object }) =>
    leaf.value === 'require'
      ? refused('swarm prefers to spread over zones and cannot insist', 'use `spread: {zone: prefer}`')
      : exact(`${object}:TaskTemplate.Placement.Preferences`, 'zones are the nodes’ label `zone`'),
  'placement.spread.node': ({ leaf, object }) =>
    leaf.value === 'require'
      ? exact(`${object}:TaskTemplate.Placement.MaxReplicas`)
      : equivalent('', 'swarm spreads over nodes by itself'),
  'placement.require.*': ({ leaf, object }) => {
    const values = Array.isArray(leaf.value) ? leaf.value : [leaf.value]
    return values.length === 1
      ? exact(`${object}:TaskTemplate.Placement.Constraints`)
      : refused(
          `a constraint of swarm allows one value, not any of ${values.join(', ')}`,
          'label the nodes with one common label and require that',
        )
  },
  'placement.prefer.*': ({ leaf }) =>
    approximated(
      '',
      `${JSON.stringify(leaf.value)} → no preference`,
      'swarm can spread over a label, but not prefer a value of it',
    ),
  'placement.tolerate': tolerate,
  'placement.tolerate.*': tolerate,
  'logs.to': ({ leaf, object }) => {
    const text = String(leaf.value)
    if (text === 'default') return exact('', "the engine's own driver")
    const { scheme } = splitScheme(text)
    const known = text === 'none' || logSchemes.some((candidate) => candidate === scheme)
    return known
      ? exact(`${object}:TaskTemplate.LogDriver`)
      : refused(
          `logs cannot go to "${text}" from own machines`,
          `use default, none or one of ${logSchemes.map((name) => `${name}://`).join(', ')}`,
        )
  },
  'logs.retention': ({ leaf }) =>
    approximated(
      '',
      `${String(leaf.value)} → until rotated away`,
      'the engine keeps logs by size, see `logs.rotate`, and as long as the container',
    ),
  'logs.rotate.size': to('TaskTemplate.LogDriver.Options.max-size'),
  'logs.rotate.files': to('TaskTemplate.LogDriver.Options.max-file'),
  'dns.servers': to('TaskTemplate.ContainerSpec.DNSConfig.Nameservers'),
  'dns.search': to('TaskTemplate.ContainerSpec.DNSConfig.Search'),
  'labels.*': to('Labels', 'a label of the service'),
  'annotations.*': ({ object }) => equivalent(`${object}:Labels`, 'a label of the service with a prefix'),
  'allow.*': () => exact('', 'a word to this target'),
  'override.ecs': () => exact('', 'for another target'),
  'override.kubernetes': () => exact('', 'for another target'),
  'override.docker': ({ object }) => exact(object, 'merged last'),
}

type JobRule = Rule<JobScene>

export const jobRules: Readonly<Record<JobField, JobRule>> = {
  from: () => exact('', 'filled in before'),
  run: () => byRuntime('it starts the runs'),
  schedule: () => byRuntime('its scheduler starts the runs'),
  tz: () => byRuntime('its scheduler starts the runs'),
  concurrency: () => byRuntime('its scheduler starts the runs'),
  timeout: () => byRuntime('it ends a run that takes longer'),
  retries: ({ object }) =>
    equivalent(
      `${object}:TaskTemplate.RestartPolicy.MaxAttempts`,
      'that the attempts are used up is counted by the runtime',
    ),
  completions: ({ object }) => exact(`${object}:Mode.ReplicatedJob.TotalCompletions`),
  parallelism: ({ object }) => exact(`${object}:Mode.ReplicatedJob.MaxConcurrent`),
  history: () => byRuntime('it keeps the history of runs'),
  keepFor: () => byRuntime('it removes what ended runs leave'),
}

export const sidecarRules: Readonly<Record<SidecarField, Rule<ContainerScene>>> = {
  essential: ({ leaf }) =>
    leaf.value === true
      ? approximated('', 'ends its instance → is restarted by itself', 'a sidecar is a service of its own here')
      : exact(''),
  startBefore: () => byRuntime('the sidecar’s service is started first'),
}
