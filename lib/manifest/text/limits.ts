/** Bounds on what is read, so that no text costs more than it is worth. */
export interface Limits {
  /** Of the text. */
  readonly maxBytes: number
  readonly maxDepth: number
  /** Of the tree with aliases written out. */
  readonly maxNodes: number
  readonly maxProblems: number
}

export const standardLimits: Limits = {
  maxBytes: 2 * 1024 * 1024,
  maxDepth: 48,
  maxNodes: 500_000,
  maxProblems: 200,
}

/** Bytes of all configs of an app together. */
export const maxConfigBytes = 1_000_000

/** Bytes of the texts of one secret. */
export const maxSecretBytes = 64_000
