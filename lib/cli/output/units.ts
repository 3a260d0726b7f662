/** Times and sizes for people. */
const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** `3m`, `2h`, `5d`: the largest unit that says enough. */
export function formatDuration(ms: number): string {
  if (ms < second) return '0s'
  if (ms < 2 * minute) return `${String(Math.floor(ms / second))}s`
  if (ms < 2 * hour) return `${String(Math.floor(ms / minute))}m`
  if (ms < 2 * day) return `${String(Math.floor(ms / hour))}h`
  return `${String(Math.floor(ms / day))}d`
}

export const formatAge = (at: string, nowMs: number): string => formatDuration(Math.max(0, nowMs - Date.parse(at)))

const steps = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Powers of ten, as disks are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let step = 0
  while (value >= 1_000 && step < steps.length - 1) {
    value /= 1_000
    step += 1
  }
  return step === 0 || value >= 100 ? `${value.toFixed(0)} ${steps[step]!}` : `${value.toFixed(1)} ${steps[step]!}`
}

/** Powers of two, as memory is. */
export const formatMiB = (bytes: number): string => {
  const mib = bytes / 1024 / 1024
  return mib >= 1024 ? `${(mib / 1024).toFixed(1)} GiB` : `${mib.toFixed(0)} MiB`
}

const units: Readonly<Record<string, number>> = { s: second, m: minute, h: hour, d: day }

/** `90s`, `5m`, `1h30m`; undefined where it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^(\d+[smhd])+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0)
}
