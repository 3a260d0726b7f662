/** `dependsOn`, networks and jobs. */
import { findCycle } from '../dependencies.ts'
import { workloadsOf } from '../lookup.ts'
import type { CheckInput } from './input.ts'
import { mustExist } from './references.ts'

export function checkDependencies(input: CheckInput): void {
  const { manifest, report } = input
  const services = manifest.services ?? {}
  const jobs = manifest.jobs ?? {}
  const external = manifest.external ?? {}
  const known = new Set([...Object.keys(services), ...Object.keys(jobs), ...Object.keys(external)])
  const edges = new Map<string, readonly string[]>()
  for (const { name, workload, path } of workloadsOf(manifest)) {
    edges.set(name, Object.keys(workload.dependsOn ?? {}))
    for (const [other, condition] of Object.entries(workload.dependsOn ?? {})) {
      const at = [...path, 'dependsOn', other]
      if (!mustExist(other, known, 'service, job or external name', at, report, 'key')) continue
      if (Object.hasOwn(jobs, other) && condition !== 'completed') {
        report(at, 'conflict', `\`${other}\` is a job: what can be waited for is that it has completed`, {
          value: condition,
          allowed: ['completed'],
          fix: 'write `completed`',
        })
      } else if (!Object.hasOwn(jobs, other) && condition === 'completed') {
        report(at, 'conflict', `\`${other}\` is no job and never completes`, {
          value: condition,
          allowed: ['started', 'healthy'],
          fix: 'write `started` or `healthy`',
        })
      }
      if (jobs[other]?.schedule !== undefined) {
        report(at, 'conflict', `the job \`${other}\` runs on a schedule; a release cannot wait for it`, {
          part: 'key',
          fix: 'depend on a job without `schedule`',
        })
      }
    }
    checkNetworks(input, workload.networks, [...path, 'networks'])
  }
  const cycle = findCycle(edges)
  if (cycle !== undefined) {
    const [first = '', next = ''] = cycle
    const section = Object.hasOwn(services, first) ? 'services' : 'jobs'
    report(
      [section, first, 'dependsOn', next],
      'dependency-cycle',
      `the dependencies go round in a circle: ${cycle.join(' → ')}`,
      { part: 'key', fix: 'remove one of them' },
    )
  }
}

function checkNetworks(
  { manifest, report }: CheckInput,
  networks: readonly string[] | undefined,
  path: readonly string[],
): void {
  const seen = new Set<string>()
  for (const [index, network] of (networks ?? []).entries()) {
    const at = [...path, String(index)]
    // `default` is the app's own network, whether or not it is written under `networks`.
    mustExist(network, network === 'default' ? [network] : (manifest.networks ?? {}), 'network', at, report)
    if (seen.has(network))
      report(at, 'duplicate-name', `the network \`${network}\` stands twice`, {
        value: network,
        fix: 'keep one of the two',
      })
    seen.add(network)
  }
}

export function checkJobs({ manifest, report }: CheckInput): void {
  for (const [name, job] of Object.entries(manifest.jobs ?? {})) {
    const path = ['jobs', name]
    if (job.from !== undefined) mustExist(job.from, manifest.services ?? {}, 'service', [...path, 'from'], report)
    if (job.schedule !== undefined && job.run === 'release') {
      report([...path, 'run'], 'conflict', 'a job runs with the release or on a schedule, not both', {
        fix: 'make two jobs; `from` or an anchor saves the typing',
      })
    }
    if (job.schedule === undefined) {
      for (const key of ['tz', 'concurrency'] as const) {
        if (job[key] !== undefined)
          report([...path, key], 'conflict', `\`${key}\` has no meaning without \`schedule\``, {
            part: 'key',
            fix: 'remove it, or add `schedule`',
          })
      }
    }
  }
}
