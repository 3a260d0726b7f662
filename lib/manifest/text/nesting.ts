/**
 * A cheap bound on how deeply a text nests, before anything recursive looks at it. It counts brackets wherever
 * they stand, in block texts too, and is therefore generous; the exact limit is applied to the tree.
 */
const mostOpenBrackets = 1000
const mostOnOneLine = 200

export function isHopelesslyDeep(text: string): boolean {
  let open = 0
  let indicators = 0
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (character === '\n') indicators = 0
    else if (character === '[' || character === '{') open += 1
    else if (character === ']' || character === '}') open = Math.max(open - 1, 0)
    else if ((character === '-' || character === '?') && text[index + 1] === ' ') indicators += 1
    else if (character !== ' ') indicators = 0
    if (open > mostOpenBrackets || indicators > mostOnOneLine) return true
  }
  return false
}
