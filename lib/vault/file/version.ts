/** One version of a secret in one file: what is in it, and how the file is called. */
import * as z from 'zod'
import { isVersionId } from '../checks.ts'
import type { SecretPath, SecretValue, SecretVersion } from '../vault.ts'

export interface VersionFile {
  readonly path: SecretPath
  readonly version: SecretVersion
  readonly value: SecretValue
}

const contentSchema = z.object({
  path: z.string(),
  version: z.string(),
  createdAtMs: z.number().int(),
  origin: z.enum(['set', 'generated', 'joined', 'copied']),
  value: z.union([
    z.object({ data: z.string() }),
    // Entries and not an object: `__proto__` may be a key.
    z.object({ keys: z.array(z.tuple([z.string(), z.string()])) }),
  ]),
})

const toText = (data: Uint8Array): string => Buffer.from(data).toString('base64')
const toBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'))

export function encodeVersion({ path, version, value }: VersionFile): Buffer {
  const kept =
    value.kind === 'single'
      ? { data: toText(value.data) }
      : { keys: Object.entries(value.keys).map(([key, data]) => [key, toText(data)]) }
  return Buffer.from(JSON.stringify({ path, ...version, value: kept }))
}

/** Undefined where the bytes are of another form; what they hold must not reach an error. */
export function decodeVersion(bytes: Buffer): VersionFile | undefined {
  const parsed = contentSchema.safeParse(JSON.parse(bytes.toString()))
  if (!parsed.success) return undefined
  const { path, version, createdAtMs, origin, value } = parsed.data
  return {
    path,
    version: { version, createdAtMs, origin },
    value:
      'data' in value
        ? { kind: 'single', data: toBytes(value.data) }
        : { kind: 'keyed', keys: Object.fromEntries(value.keys.map(([key, data]) => [key, toBytes(data)])) },
  }
}

/**
 * Name of a version's file. The number before the id gives the order; two writers at once may choose the same
 * number, then the id decides, for everybody alike. So no lock is needed.
 */
export interface VersionName {
  readonly order: number
  readonly version: string
}

export const formatName = ({ order, version }: VersionName): string => `${String(order).padStart(10, '0')}-${version}`

export function parseName(name: string): VersionName | undefined {
  const [order = '', version = '', ...rest] = name.split('-')
  return rest.length === 0 && /^\d{10}$/.test(order) && isVersionId(version)
    ? { order: Number(order), version }
    : undefined
}
