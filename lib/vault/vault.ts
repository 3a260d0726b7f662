/**
 * The vault: the only place that holds secret values (ruling A9). Versions are ids, never hashes of values;
 * releases pin them. A value is bytes; a keyed secret is a map of them.
 *
 * A malformed path is a `usage` error, a value beyond `maxSecretBytes` is `too-large`; no error, log or name of
 * a file or native object ever holds a value or lets one be guessed.
 */
export type SecretValue =
  | { readonly kind: 'single'; readonly data: Uint8Array }
  | { readonly kind: 'keyed'; readonly keys: Readonly<Record<string, Uint8Array>> }

export interface SecretVersion {
  /** Opaque and random, letters and digits; safe to show. */
  readonly version: string
  readonly createdAtMs: number
  /** `set` by a person, `generated`, `joined` from other versions, or `copied` from where the manifest says. */
  readonly origin: 'set' | 'generated' | 'joined' | 'copied'
}

/**
 * Path of a secret: `project/environment/app/name`, built by `secretPath` from names that hold no slash. Each
 * part is of letters, digits and `_+=.@-`, the whole of at most 512: what Secrets Manager takes as a name.
 */
export type SecretPath = string

export interface Vault {
  /** Adds a version and makes it current; of several at once each is kept, and all agree on which is current. */
  put(path: SecretPath, value: SecretValue, origin: SecretVersion['origin']): Promise<SecretVersion>
  /** Undefined where there is no such secret or version; without a version: the current one. */
  read(
    path: SecretPath,
    version?: string,
  ): Promise<{ readonly version: SecretVersion; readonly value: SecretValue } | undefined>
  current(path: SecretPath): Promise<SecretVersion | undefined>
  /** Oldest first: the last is the current one. */
  versions(path: SecretPath): Promise<readonly SecretVersion[]>
  /** Paths that begin with `prefix`, sorted. */
  list(prefix: string): Promise<readonly SecretPath[]>
  /** Removes versions, or the whole secret; what is not there is fine. Without its newest, the one before is current. */
  remove(path: SecretPath, versions?: readonly string[]): Promise<void>
  /** Key of this installation for hashes over version ids (ruling A9): made once, the same for ever. */
  installKey(): Promise<Uint8Array>
}

/** 64 kB a secret, over all its keys. */
export const maxSecretBytes = 64 * 1024
