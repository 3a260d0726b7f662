/** Loads a manifest that is expected to be right, or wrong. */
import type { Problem } from '../../lib/core/problems.ts'
import { noFiles } from '../../lib/manifest/files.ts'
import type { FileReader } from '../../lib/manifest/files.ts'
import { lowerManifest } from '../../lib/manifest/lower.ts'
import { loadManifest } from '../../lib/manifest/resolve.ts'
import type { ResolvedManifest } from '../../lib/manifest/resolve.ts'
import type { AppSpec, JobUnit, ServiceUnit } from '../../lib/model/unit.ts'
import { jobUnits, serviceUnits } from '../../lib/model/unit.ts'

export interface LoadOptions {
  readonly environment?: string
  readonly params?: Readonly<Record<string, string>>
  readonly files?: FileReader
}

const head = 'apiVersion: escale/v1\nkind: App\nmetadata: {name: shop}\n'

const whole = (body: string): string => (body.startsWith('apiVersion') ? body : `${head}${body}\n`)

export function problemsOf(body: string, options: LoadOptions = {}): readonly Problem[] {
  return loadManifest(whole(body), { files: noFiles, ...options }).problems
}

/** Fails with the problems where there are any. */
export function resolved(body: string, options: LoadOptions = {}): ResolvedManifest {
  const loaded = loadManifest(whole(body), { files: noFiles, ...options })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems, null, 1))
  return loaded.value
}

export const specOf = (body: string, options: LoadOptions = {}): AppSpec => lowerManifest(resolved(body, options))

export function serviceOf(spec: AppSpec, name: string): ServiceUnit {
  const found = serviceUnits(spec).find((unit) => unit.name === name)
  if (found === undefined) throw new Error(`no service ${name}`)
  return found
}

export function jobOf(spec: AppSpec, name: string): JobUnit {
  const found = jobUnits(spec).find((unit) => unit.name === name)
  if (found === undefined) throw new Error(`no job ${name}`)
  return found
}
