/** Scale, mode and update: what a count can be, and what can happen to it. */
import { workloadsOf } from '../lookup.ts'
import type { ServiceSection } from '../sections/services.ts'
import { parsePercent } from '../../core/units/percent.ts'
import type { CheckInput, Report } from './input.ts'
import { mustExist } from './references.ts'

export function checkScaling(input: CheckInput): void {
  const { manifest, report } = input
  for (const [name, service] of Object.entries(manifest.services ?? {})) {
    const path = ['services', name]
    checkMode(service, path, report)
    checkScale(service, path, report)
    checkUpdate(service, path, report)
    const { verify } = service.update
    if (verify !== undefined && mustExist(verify, manifest.jobs ?? {}, 'job', [...path, 'update', 'verify'], report)) {
      if (manifest.jobs?.[verify]?.schedule !== undefined) {
        report(
          [...path, 'update', 'verify'],
          'conflict',
          `the job \`${verify}\` runs on a schedule and cannot verify a release`,
          { value: verify, fix: 'name a job without `schedule`' },
        )
      }
    }
  }
  checkSingleUpdates(input)
}

function checkMode(service: ServiceSection, path: readonly string[], report: Report): void {
  const { mode, scale, update, placement } = service
  if (mode === 'perNode' && scale !== undefined) {
    report(
      [...path, 'scale'],
      'conflict',
      '`scale` has no meaning with `mode: perNode`: it runs once on every worker',
      { part: 'key', fix: 'remove `scale`' },
    )
  }
  if (mode === 'perNode' && placement.capacity === 'serverless') {
    report(
      [...path, 'placement', 'capacity'],
      'conflict',
      '`mode: perNode` runs once on every worker, and `serverless` has none',
      { fix: 'set `capacity: workers`' },
    )
  }
  if (mode === 'stateful' && scale !== undefined) {
    const isNumber = scale.max === scale.min || (scale.max === undefined && scale.min !== undefined)
    const extra = (['targets', 'schedule', 'idleAfter'] as const).find((key) => scale[key] !== undefined)
    if (!isNumber || extra !== undefined) {
      report(
        extra === undefined ? [...path, 'scale'] : [...path, 'scale', extra],
        'conflict',
        'a stateful service has a number of instances, which nothing but you changes',
        {
          part: 'key',
          fix: 'write `scale` as a number',
        },
      )
    }
  }
  const isTracked = update.strategy === 'blueGreen' || update.strategy === 'canary' || update.strategy === 'linear'
  if (isTracked && mode !== 'replicated') {
    report(
      [...path, 'update', 'strategy'],
      'conflict',
      `\`${update.strategy}\` runs two versions side by side, which \`mode: ${mode}\` cannot`,
      {
        value: update.strategy,
        fix: 'use `rolling` or `recreate`',
      },
    )
  }
}

function checkScale(service: ServiceSection, path: readonly string[], report: Report): void {
  const { scale } = service
  if (scale === undefined) return
  const at = [...path, 'scale']
  if (scale.max !== undefined && scale.max < scale.min) {
    report([...at, 'max'], 'out-of-range', `\`max\` is ${scale.max} and less than \`min\`, which is ${scale.min}`, {
      value: String(scale.max),
      fix: 'raise `max`, or lower `min`',
    })
  }
  for (const [name, each] of Object.entries(scale.schedule ?? {})) {
    if (each.min === undefined && each.max === undefined) {
      report([...at, 'schedule', name], 'missing-key', 'the schedule changes nothing: `min` or `max` is missing', {
        part: 'key',
        fix: 'add `min`, `max` or both',
      })
    } else if (each.min !== undefined && each.max !== undefined && each.max < each.min) {
      report(
        [...at, 'schedule', name, 'max'],
        'out-of-range',
        `\`max\` is ${each.max} and less than \`min\`, which is ${each.min}`,
        { value: String(each.max) },
      )
    }
  }
  const { targets } = scale
  for (const resource of ['cpu', 'memory'] as const) {
    if (targets?.[resource] !== undefined && service.size?.[resource] === undefined) {
      report(
        [...at, 'targets', resource],
        'conflict',
        `\`${resource}\` is a percentage of \`size.${resource}\`, which is not set`,
        { fix: `add \`size.${resource}\`` },
      )
    }
  }
  const hasHttp = Object.values(service.routes ?? {}).some((route) => route.protocol === 'http')
  const routed = [
    ['targets.requests', targets?.requests],
    ['targets.latency', targets?.latency],
    ['idleAfter', scale.idleAfter],
  ] as const
  for (const [key, value] of routed) {
    if (value === undefined || hasHttp) continue
    report(
      [...at, ...key.split('.')],
      'conflict',
      `\`${key}\` is measured at an http route, and the service has none`,
      { fix: 'add a route, or remove it' },
    )
  }
  for (const [name, metric] of Object.entries(targets?.metrics ?? {})) {
    if ((metric.perInstance === undefined) === (metric.value === undefined)) {
      report(
        [...at, 'targets', 'metrics', name],
        metric.value === undefined ? 'missing-key' : 'conflict',
        'a metric has either `perInstance` or `value`',
        {
          part: 'key',
          fix: '`perInstance`: what one instance handles; `value`: what is kept',
        },
      )
    }
  }
}

const isNone = (value: number | string): boolean =>
  value === 0 || (typeof value === 'string' && parsePercent(value) === 0)

function checkUpdate(service: ServiceSection, path: readonly string[], report: Report): void {
  const { rolling, canary, strategy } = service.update
  const at = [...path, 'update']
  if (isNone(rolling.maxSurge) && isNone(rolling.maxUnavailable)) {
    report(
      [...at, 'rolling', 'maxSurge'],
      'conflict',
      '`maxSurge` and `maxUnavailable` are both nothing: no instance could ever be replaced',
      { fix: 'allow one more, or one less' },
    )
  }
  const steps = canary?.steps?.map((step) => parsePercent(step) ?? 0) ?? []
  if (steps.some((step, index) => index > 0 && step <= (steps[index - 1] ?? 0))) {
    report([...at, 'canary', 'steps'], 'out-of-range', 'the steps of a canary must rise', {
      value: canary?.steps.join(', '),
      fix: 'order them, each once',
    })
  } else if (strategy === 'canary' && steps.length > 0 && steps.at(-1) !== 100) {
    report([...at, 'canary', 'steps'], 'out-of-range', 'the last step of a canary must be 100%', {
      value: canary?.steps.join(', '),
      fix: 'add 100%',
    })
  }
}

/** `single` promises order: the old instance is gone before the new one starts, which two tracks break. */
function checkSingleUpdates({ manifest, report }: CheckInput): void {
  for (const { kind, workload, path } of workloadsOf(manifest)) {
    if (kind !== 'service' || !('update' in workload)) continue
    const { strategy } = workload.update
    if (strategy === 'rolling' || strategy === 'recreate' || workload.mode !== 'replicated') continue
    const single = Object.values(workload.mounts ?? {}).flatMap((mount) =>
      'volume' in mount && manifest.volumes?.[mount.volume]?.access === 'single' ? [mount.volume] : [],
    )
    if (single[0] === undefined) continue
    report(
      [...path, 'update', 'strategy'],
      'conflict',
      `\`${strategy}\` runs two versions side by side, and the volume \`${single[0]}\` has \`access: single\``,
      {
        value: strategy,
        fix: 'use `rolling`, or set `access: shared`',
      },
    )
  }
}
