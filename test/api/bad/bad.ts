/** What bad requests are made of. */
import { appPath, helloManifest } from '../support.ts'
import type { Ask } from '../support.ts'

export interface Bad {
  readonly name: string
  readonly method?: string
  readonly path: string
  readonly ask?: Ask
  readonly status: number
  readonly code: string
  /** Where: a pointer into the body, or the name of a parameter. */
  readonly at?: string
}

export const plans = `${appPath}/plans`
export const scale = `${appPath}/scale`
export const manifest = helloManifest
export const grants = [{ role: 'viewer', collection: 'shop' }]
export const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) })
export const body = (value: unknown): Ask => ({ body: value })
export const raw = (text: string | Uint8Array, type = 'application/json'): Ask => ({
  raw: text,
  headers: { 'content-type': type },
})
