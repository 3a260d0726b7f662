/**
 * The vault: the only place that holds secret values (ruling A9). Versions are ids, never hashes of values;
 * releases pin them. A value is bytes; a keyed secret is a map of them.
 */
export type SecretValue =
  | { readonly kind: 'single'; readonly data: Uint8Array }
  | { readonly kind: 'keyed'; readonly keys: Readonly<Record<string, Uint8Array>> }

export interface SecretVersion {
  /** Opaque and random; safe to show. */
  readonly version: string
  readonly createdAtMs: number
  /** `set` by a person, `generated`, or `joined` from other versions. */
  readonly origin: 'set' | 'generated' | 'joined'
}

/** Path of a secret: `project/environment/app/name`, built by the caller from names that hold no slash. */
export type SecretPath = string

export interface Vault {
  /** Adds a version and makes it current. */
  put(path: SecretPath, value: SecretValue, origin: SecretVersion['origin']): Promise<SecretVersion>
  /** Undefined where there is no such secret or version; without a version: the current one. */
  read(path: SecretPath, version?: string): Promise<{ readonly version: SecretVersion; readonly value: SecretValue } | undefined>
  current(path: SecretPath): Promise<SecretVersion | undefined>
  versions(path: SecretPath): Promise<readonly SecretVersion[]>
  /** Paths that begin with `prefix`, sorted. */
  list(prefix: string): Promise<readonly SecretPath[]>
  /** Removes versions, or the whole secret; what is not there is fine. */
  remove(path: SecretPath, versions?: readonly string[]): Promise<void>
  /** Key of this installation for hashes over version ids (ruling A9). */
  installKey(): Promise<Uint8Array>
}

/** 64 kB a secret, over all its keys. */
export const maxSecretBytes = 64 * 1024
