/** What one container says that does not fit together. */
import { confine } from '../files.ts'
import { containersIn, workloadsOf } from '../lookup.ts'
import type { PlacedContainer } from '../lookup.ts'
import { parseCpu } from '../../core/units/cpu.ts'
import { parseMemory } from '../../core/units/memory.ts'
import { imageKinds } from '../sections/container.ts'
import { suggest } from '../walk/suggest.ts'
import type { CheckInput, Report } from './input.ts'

export function checkContainers({ manifest, added, written, report }: CheckInput): void {
  const services = Object.keys(manifest.services ?? {})
  const jobs = Object.keys(manifest.jobs ?? {})
  for (const placed of workloadsOf(manifest)) {
    for (const each of containersIn(placed)) {
      const { path, role } = each
      const own = written(path)
      // What is no container at all, or misspells its image, has its problem already.
      if (own?.kind === 'map' && ![...own.entries.keys()].some((key) => suggest(key, imageKinds) !== undefined)) {
        const hasFrom = role === 'main' && 'from' in placed.workload && placed.workload.from !== undefined
        if (!hasFrom) {
          const names = placed.kind === 'service' ? services : jobs
          const section = placed.kind === 'service' ? 'services' : 'jobs'
          // A name that only the environment brings, without an image, is most likely a slip.
          const meant =
            role === 'main' && added.has(`${section}.${placed.name}`)
              ? suggest(
                  placed.name,
                  names.filter((name) => !added.has(`${section}.${name}`)),
                )
              : undefined
          report(path, 'missing-key', `\`${path.at(-1) ?? ''}\` has neither \`image\` nor \`build\``, {
            part: 'key',
            fix: meant === undefined ? 'add `image`, e.g. `image: nginx`, or `build`' : `did you mean \`${meant}\`?`,
          })
        }
      }
      checkOne(each, report)
    }
  }
}

function checkOne({ container, path }: PlacedContainer, report: Report): void {
  const { build, size, security, kernel } = container
  if (build?.context !== undefined) checkBuild(build.context, build.dockerfile, path, report)
  checkLimits(path, 'cpu', size?.cpu, size?.limits?.cpu, parseCpu, report)
  checkLimits(path, 'memory', size?.memory, size?.limits?.memory, parseMemory, report)
  const both = security?.capabilities?.add?.find((each) => security.capabilities?.drop?.includes(each))
  if (both !== undefined) {
    report(
      [...path, 'security', 'capabilities', 'drop'],
      'conflict',
      `the capability \`${both}\` is added and dropped`,
      { value: both, fix: 'keep one of the two' },
    )
  }
  const user = container.user?.split(':')[0]
  if (security?.runAsNonRoot === true && (user === '0' || user === 'root')) {
    report([...path, 'user'], 'conflict', '`runAsNonRoot: true` is demanded, and `user` is root', {
      value: container.user,
      fix: 'change one of the two',
    })
  }
  for (const [name, limit] of Object.entries(kernel?.ulimits ?? {})) {
    if (limit.hard !== -1 && (limit.soft === -1 || limit.soft > limit.hard)) {
      report(
        [...path, 'kernel', 'ulimits', name],
        'out-of-range',
        `the soft limit of \`${name}\` is above the hard one`,
        { part: 'key', value: String(limit.soft), fix: 'raise `hard`, or lower `soft`' },
      )
    }
  }
}

function checkBuild(context: string, dockerfile: string | undefined, path: readonly string[], report: Report): void {
  const confined = confine(context)
  // A Dockerfile may stand beside its context, but not outside the folder.
  const joined = dockerfile === undefined || dockerfile.startsWith('/') ? dockerfile : `${context}/${dockerfile}`
  const [key, value, found] =
    'outside' in confined || joined === undefined
      ? (['context', context, confined] as const)
      : (['dockerfile', dockerfile ?? '', confine(joined)] as const)
  if (!('outside' in found)) return
  report([...path, 'build', key], 'path-outside', `\`${value}\` may not be used: ${found.outside}`, {
    value,
    fix: 'name a path inside the folder of the manifest',
  })
}

function checkLimits(
  path: readonly string[],
  resource: 'cpu' | 'memory',
  reserved: string | undefined,
  limit: string | undefined,
  parse: (text: string) => number | undefined,
  report: Report,
): void {
  if (reserved === undefined || limit === undefined) return
  const [low = 0, high = 0] = [parse(reserved), parse(limit)]
  if (high >= low) return
  report(
    [...path, 'size', 'limits', resource],
    'out-of-range',
    `the limit ${limit} is below what is reserved, ${reserved}`,
    { value: limit, fix: `raise the limit, or lower \`size.${resource}\`` },
  )
}
