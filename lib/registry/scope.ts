/** Scopes of tokens: `repository:library/alpine:pull`. */
export const pullScope = (repository: string): string => `repository:${repository}:pull`
export const pushScope = (repository: string): string => `repository:${repository}:pull,push`

/** One scope for each resource with all its actions, in a fixed order. */
export function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>()
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(':')
    const resource = scope.slice(0, Math.max(0, colon))
    const set = actions.get(resource) ?? new Set()
    for (const action of scope.slice(colon + 1).split(',')) set.add(action)
    actions.set(resource, set)
  }
  return [...actions].map(([resource, set]) => `${resource}:${[...set].sort().join(',')}`).sort()
}
