/** One set of names without doubles. */
import { mostInstances, workloadsOf } from '../lookup.ts'
import type { CheckInput } from './input.ts'

interface Owner {
  readonly what: string
}

export function checkNames(input: CheckInput): void {
  const { manifest, report } = input
  const owners = new Map<string, Owner>()
  const claim = (name: string, what: string, path: readonly string[], part: 'key' | 'value'): void => {
    const owner = owners.get(name)
    if (owner === undefined) {
      owners.set(name, { what })
      return
    }
    report(path, 'duplicate-name', `\`${name}\` is the name of ${owner.what} already`, {
      value: name,
      part,
      fix: 'services, jobs, external names and aliases share one set of names: choose another',
    })
  }
  for (const name of Object.keys(manifest.services ?? {})) claim(name, 'a service', ['services', name], 'key')
  for (const name of Object.keys(manifest.jobs ?? {})) claim(name, 'a job', ['jobs', name], 'key')
  for (const name of Object.keys(manifest.external ?? {})) claim(name, 'an external name', ['external', name], 'key')
  for (const [service, section] of Object.entries(manifest.services ?? {})) {
    for (const [index, alias] of (section.aliases ?? []).entries()) {
      claim(alias, `a service or another alias`, ['services', service, 'aliases', String(index)], 'value')
    }
  }
  checkOrdinals(owners, input)
  checkContainerNames(input)
}

/** `db-0` is an instance of the stateful service `db`, also as a name. */
function checkOrdinals(owners: ReadonlyMap<string, Owner>, { manifest, report }: CheckInput): void {
  for (const [name, service] of Object.entries(manifest.services ?? {})) {
    if (service.mode !== 'stateful') continue
    const count = mostInstances(service)
    for (const other of owners.keys()) {
      const ordinal = other.startsWith(`${name}-`) ? other.slice(name.length + 1) : ''
      if (!/^(?:0|[1-9]\d{0,5})$/.test(ordinal) || Number(ordinal) >= count) continue
      report(
        ['services', name],
        'duplicate-name',
        `\`${other}\` is also the name of an instance of the stateful service \`${name}\``,
        {
          part: 'key',
          value: other,
          fix: 'choose another name for one of the two',
        },
      )
    }
  }
}

function checkContainerNames({ manifest, report }: CheckInput): void {
  for (const placed of workloadsOf(manifest)) {
    const seen = new Set(['main'])
    for (const role of ['sidecars', 'init'] as const) {
      for (const name of Object.keys(placed.workload[role] ?? {})) {
        if (!seen.has(name)) {
          seen.add(name)
          continue
        }
        report(
          [...placed.path, role, name],
          'duplicate-name',
          name === 'main' ? '`main` is the name of the main container' : `\`${name}\` is a sidecar and an init`,
          {
            part: 'key',
            value: name,
            fix: 'choose another name',
          },
        )
      }
    }
  }
}
