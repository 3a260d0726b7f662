/** Volumes and mounts: who uses what, and whether that can be. */
import { containersIn, mostInstances, workloadsOf } from '../lookup.ts'
import type { PlacedWorkload } from '../lookup.ts'
import type { CheckInput } from './input.ts'
import { mustExist } from './references.ts'

interface Use {
  readonly placed: PlacedWorkload
  readonly path: readonly string[]
}

export function checkVolumes(input: CheckInput): void {
  const { manifest, report } = input
  const uses = new Map<string, Use[]>()
  for (const placed of workloadsOf(manifest)) {
    const scratch = Object.keys(placed.workload.scratch ?? {})
    for (const { container, path } of containersIn(placed)) {
      const taken = new Map<string, string>()
      for (const [target, mount] of Object.entries(container.mounts ?? {})) {
        const at = [...path, 'mounts', target]
        const plain = target.replace(/\/+$/, '') || '/'
        const other = taken.get(plain)
        if (other !== undefined)
          report(at, 'duplicate-name', `\`${target}\` and \`${other}\` are one path`, {
            part: 'key',
            value: target,
            fix: 'keep one of the two',
          })
        taken.set(plain, target)
        if (plain === '/')
          report(at, 'conflict', 'a mount at `/` would hide the whole image', { part: 'key', fix: 'choose a folder' })
        if ('scratch' in mount) mustExist(mount.scratch, scratch, 'scratch space', [...at, 'scratch'], report)
        if (!('volume' in mount)) continue
        if (!mustExist(mount.volume, manifest.volumes ?? {}, 'volume', [...at, 'volume'], report)) continue
        uses.set(mount.volume, [...(uses.get(mount.volume) ?? []), { placed, path: [...at, 'volume'] }])
      }
    }
  }
  for (const [name, each] of uses) checkUses(name, each, input)
  checkDeclarations(input)
}

const isStateful = ({ workload }: PlacedWorkload): boolean => 'mode' in workload && workload.mode === 'stateful'

function checkUses(name: string, uses: readonly Use[], { manifest, report }: CheckInput): void {
  const volume = manifest.volumes?.[name]
  if (volume === undefined) return
  const stateful = uses.find((use) => isStateful(use.placed))
  const other = uses.find((use) => use.placed.name !== stateful?.placed.name)
  if (stateful !== undefined && other !== undefined) {
    report(
      other.path,
      'conflict',
      `the volume \`${name}\` is one per instance in \`${stateful.placed.name}\`, which is stateful, and cannot be shared with \`${other.placed.name}\``,
      {
        value: name,
        fix: 'use a volume of its own, or `null` in a job that takes its keys `from` the service',
      },
    )
    return
  }
  if (volume.access !== 'single') return
  const services = new Map(uses.filter((use) => use.placed.kind === 'service').map((use) => [use.placed.name, use]))
  const [first, second] = [...services.values()]
  if (first !== undefined && second !== undefined) {
    report(
      second.path,
      'conflict',
      `the volume \`${name}\` has \`access: single\` and is mounted by \`${first.placed.name}\` and \`${second.placed.name}\``,
      {
        value: name,
        fix: 'set `access: shared`, or use two volumes',
      },
    )
  }
  for (const { placed, path } of uses) {
    const { workload } = placed
    const most = !('mode' in workload)
      ? 'parallelism' in workload
        ? workload.parallelism
        : 1
      : workload.mode === 'stateful'
        ? 1
        : mostInstances(workload)
    if (most <= 1) continue
    const wish =
      'mode' in workload && workload.mode === 'perNode' ? 'runs on every worker' : `may have ${most} instances`
    report(path, 'conflict', `the volume \`${name}\` has \`access: single\`, and \`${placed.name}\` ${wish}`, {
      value: name,
      fix: 'set `access: shared` on the volume, `scale: 1`, or `mode: stateful` for a volume per instance',
    })
  }
}

function checkDeclarations({ manifest, report }: CheckInput): void {
  for (const [name, volume] of Object.entries(manifest.volumes ?? {})) {
    if (volume.from === undefined) continue
    if (volume.size !== undefined) {
      report(['volumes', name, 'size'], 'conflict', `the volume \`${name}\` exists already; its size is what it is`, {
        part: 'key',
        fix: 'remove `size` or `from`',
      })
    }
    if (volume.onDelete === 'delete') {
      report(
        ['volumes', name, 'onDelete'],
        'conflict',
        `the volume \`${name}\` existed before the app and is never deleted with it`,
        { fix: 'remove `onDelete`' },
      )
    }
  }
}
