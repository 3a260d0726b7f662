/** What a plan tells beside its steps. Pure. */
import { desiredCount } from '../model/effective.ts'
import type { RuntimeState } from '../model/release.ts'
import { type AppSpec, serviceUnits } from '../model/unit.ts'

/** Runtime state that a deployment keeps, and what of it the manifest's own change ends (ruling A7). */
export function runtimeNotes(spec: AppSpec, runtime: RuntimeState): readonly string[] {
  const notes: string[] = []
  for (const unit of serviceUnits(spec)) {
    const set = runtime.counts[unit.name]
    if (set === undefined) continue
    const holds = desiredCount(unit, { ...runtime, stopped: [] }) === set.count && set.over === unit.scale.min
    notes.push(
      holds
        ? `${unit.name} was scaled to ${set.count} by hand and stays so`
        : `${unit.name} was scaled to ${set.count} by hand; the manifest now says ${unit.scale.min}, and that counts`,
    )
  }
  if (runtime.stopped.includes('*')) notes.push('the app was stopped by hand and stays so')
  else for (const name of runtime.stopped) notes.push(`${name} was stopped by hand and stays so`)
  return notes
}

export function overridesOf(spec: AppSpec): readonly { readonly path: string; readonly text: string }[] {
  return spec.units.flatMap((unit) =>
    Object.entries(unit.override)
      .filter(([, fragment]) => fragment !== undefined && Object.keys(fragment as object).length > 0)
      .map(([target, fragment]) => ({
        path: `${unit.from}.override.${target}`,
        text: JSON.stringify(fragment, null, 2),
      })),
  )
}

/** What may happen beyond the steps shown (ruling A6). */
export const contingencies = (lastGood: number | undefined): readonly string[] => [
  lastGood === undefined
    ? 'If it fails: everything it started is stopped; volumes stay.'
    : `If it fails: back to release ${lastGood}.`,
]
