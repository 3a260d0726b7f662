/** Where a manifest says a value comes from: `store:` is the vault itself, the other schemes are readers passed in. */
import type { AppKey } from '../model/app.ts'
import type { SecretValue } from './vault.ts'

export interface SourceReference {
  /** As in the manifest, e.g. `secretsmanager:shop/stripe#key`. */
  readonly text: string
  readonly scheme: string
  readonly name: string
  readonly key?: string
}

export type SourceAnswer =
  /** The value stays where it is and the target reads it there; the version is the source's own. */
  | { readonly kind: 'pinned'; readonly version: string }
  /** To be kept in the vault. */
  | { readonly kind: 'copy'; readonly value: SecretValue }
  /** `why` must not quote a value. */
  | { readonly kind: 'missing'; readonly why: string }

export type SourceReader = (reference: SourceReference, app: AppKey) => Promise<SourceAnswer>

/** Readers by scheme, without the colon. */
export type SourceReaders = Readonly<Record<string, SourceReader>>

export const ownScheme = 'store'

export function parseReference(text: string): SourceReference {
  const [, scheme = '', name = text, key] = /^([^:]*):([^#]*)(?:#(.*))?$/s.exec(text) ?? []
  return { text, scheme, name, ...(key === undefined ? {} : { key }) }
}
