/** Patterns of every leaf a resolved manifest can have. Generated from the schema by `npm run generate`; a test compares. */
export const fieldPatterns = [] as const satisfies readonly string[]

export type FieldPattern = string
