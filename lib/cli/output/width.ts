/** How many columns a text takes, and how to make it fit. */
const ansi = /\u001b\[[0-9;]*m/g
const combining = /^\p{M}$|^[\u200b-\u200f\ufe00-\ufe0f]$/u
/** Scripts and pictures that terminals draw two columns wide. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]$|^\p{Emoji_Presentation}$/u

const widthOfCharacter = (character: string): number => (combining.test(character) ? 0 : wide.test(character) ? 2 : 1)

const isPlain = (text: string): boolean => /^[\u0020-\u007e]*$/.test(text)

export function widthOf(text: string): number {
  if (isPlain(text)) return text.length
  let width = 0
  for (const character of text.replace(ansi, '')) width += widthOfCharacter(character)
  return width
}

/** At most `width` columns of a text without colours, with `…` for what is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  if (width <= 0) return ''
  let taken = ''
  let used = 0
  for (const character of text) {
    const more = widthOfCharacter(character)
    if (used + more > width - 1) break
    taken += character
    used += more
  }
  return `${taken}…`
}

export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** Lines of at most `width` columns, broken at spaces; a longer word stands alone. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const paragraph of text.split('\n')) {
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
        lines.push(line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    lines.push(line)
  }
  return lines
}

/** What others wrote must not steer the terminal: control characters are shown, not sent. */
export const harmless = (text: string): string =>
  text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
