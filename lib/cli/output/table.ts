/** Tables that know how wide the terminal is. */
import type { Style } from './style.ts'
import { cut, harmless, pad, widthOf } from './width.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** Shown with `-o wide` only. */
  readonly wide?: true
  readonly right?: true
  /** Left out where no row has anything in it. */
  readonly sparse?: true
  /** May be cut where the terminal is too narrow; the others never are. */
  readonly shrinks?: true
  readonly colour?: (row: Row, style: Style) => (text: string) => string
}

export interface TableOptions {
  readonly wide: boolean
  /** Absent: as wide as it gets, for files and pipes. */
  readonly width?: number
  readonly style: Style
}

const gap = 3
const narrowest = 8

export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions): string {
  const shown = columns.filter(
    (column) =>
      (options.wide || column.wide !== true) &&
      (column.sparse !== true || rows.some((row) => column.value(row) !== '')),
  )
  const cells = rows.map((row) => shown.map((column) => harmless(column.value(row)).replaceAll(/[\n\t]/g, ' ')))
  const widths = shown.map((column, index) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[index]!))),
  )
  if (options.width !== undefined) shrink(widths, shown, options.width)
  const line = (texts: readonly string[], colour: (index: number) => (text: string) => string): string =>
    texts
      .map((text, index) => {
        const width = widths[index]!
        const fitting = cut(text, width)
        const space = ' '.repeat(Math.max(0, width - widthOf(fitting)))
        const drawn = colour(index)(fitting)
        return shown[index]!.right === true ? space + drawn : drawn + space
      })
      .join(' '.repeat(gap))
      .trimEnd()
  const titles = line(
    shown.map((column) => column.title),
    () => options.style.dim,
  )
  const plain = (text: string): string => text
  const body = rows.map((row, at) => line(cells[at]!, (index) => shown[index]!.colour?.(row, options.style) ?? plain))
  return [titles, ...body].join('\n')
}

/** Takes what is too much from the widest of those that may shrink, a column at a time. */
function shrink(widths: number[], columns: readonly Column<never>[], width: number): void {
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap * (widths.length - 1) - width
  while (excess > 0) {
    let widest = -1
    for (const [index, column] of columns.entries()) {
      if (column.shrinks === true && widths[index]! > narrowest && (widest < 0 || widths[index]! > widths[widest]!))
        widest = index
    }
    if (widest < 0) return
    widths[widest]! -= 1
    excess -= 1
  }
}

/** `name  value` lines. */
export function formatFields(fields: readonly (readonly [string, string | undefined])[], style: Style): string {
  const present = fields.filter((field): field is readonly [string, string] => field[1] !== undefined)
  const width = Math.max(...present.map(([title]) => widthOf(title)))
  return present.map(([title, value]) => `${style.dim(pad(title, width))}  ${harmless(value)}`).join('\n')
}
