/** Where the walker is: a path that costs nothing until somebody asks for it. */
export interface Place {
  readonly parent?: Place
  readonly key: string
  /** The key in the pattern: `*` for a name. */
  readonly pattern: string
}

export const topPlace: Place = { key: '', pattern: '' }

export const below = (parent: Place, key: string, pattern = key): Place => ({ parent, key, pattern })

export function pathOf(place: Place): readonly string[] {
  const path: string[] = []
  for (let each: Place | undefined = place; each?.parent !== undefined; each = each.parent) path.push(each.key)
  return path.reverse()
}

export function patternOf(place: Place): string {
  const path: string[] = []
  for (let each: Place | undefined = place; each?.parent !== undefined; each = each.parent) path.push(each.pattern)
  return path.reverse().join('.')
}
