/** Colours, where the terminal wants them; elsewhere the text alone. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const plain = (text: string): string => text
const sgr =
  (open: number, close: number) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${String(open)}m${text}\u001b[${String(close)}m`

export const plainStyle: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }

export const colourStyle: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
}

export interface ColourWish {
  readonly isTTY: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** `--no-color` was given. */
  readonly refused: boolean
}

/** Only on a terminal, and never where NO_COLOR (no-color.org) or a dumb terminal says no. */
export function styleFor({ isTTY, env, refused }: ColourWish): Style {
  const no = refused || !isTTY || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return no ? plainStyle : colourStyle
}
