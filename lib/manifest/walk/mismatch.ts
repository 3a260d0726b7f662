/** Something of another type than the one that is expected. */
import { shown } from '../../core/secrecy.ts'
import type { Node } from '../text/tree.ts'
import type { Walk } from './context.ts'
import { pathOf } from './place.ts'
import type { Place } from './place.ts'

export function mismatch(expected: string, node: Node, place: Place, context: Walk): undefined {
  const found =
    node.kind === 'scalar'
      ? node.value === null
        ? 'nothing'
        : `\`${shown(place.key, node.text)}\``
      : node.kind === 'list'
        ? 'a list'
        : 'a map'
  context.report({
    code: 'wrong-type',
    message: `${found} stands where ${expected} is expected`,
    path: pathOf(place),
    at: node.at,
    value: node.kind === 'scalar' ? shown(place.key, node.text) : undefined,
  })
  return undefined
}
