import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problem } from '../../lib/core/errors.ts'
import { LiveArea } from '../../lib/cli/output/live.ts'
import { formatProblem, formatProblems } from '../../lib/cli/output/problems.ts'
import { colourStyle, plainStyle, styleFor } from '../../lib/cli/output/style.ts'
import { formatTable } from '../../lib/cli/output/table.ts'
import type { Column } from '../../lib/cli/output/table.ts'
import { formatBytes, formatDuration, parseDurationMs } from '../../lib/cli/output/units.ts'
import { cut, harmless, widthOf, wrap } from '../../lib/cli/output/width.ts'

interface Row {
  readonly name: string
  readonly note: string
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: (row) => row.name },
  { title: 'NOTE', value: (row) => row.note, shrinks: true },
  { title: 'MORE', value: (row) => row.note, wide: true },
]

const rows: readonly Row[] = [
  { name: 'web', note: 'a note that is rather long for a narrow terminal' },
  { name: 'database', note: '日本語' },
]

describe('a table', () => {
  it('is as wide as its content where no terminal limits it', () => {
    expect(formatTable(rows, columns, { wide: false, style: plainStyle })).toBe(
      ['NAME       NOTE', 'web        a note that is rather long for a narrow terminal', 'database   日本語'].join(
        '\n',
      ),
    )
  })

  it('cuts what may shrink on a narrow terminal', () => {
    expect(formatTable(rows, columns, { wide: false, width: 30, style: plainStyle })).toBe(
      ['NAME       NOTE', 'web        a note that is rat…', 'database   日本語'].join('\n'),
    )
  })

  it('has more columns when wide', () => {
    expect(formatTable(rows, columns, { wide: true, style: plainStyle })).toContain('MORE')
  })

  it('leaves out a sparse column that is empty', () => {
    const sparse: readonly Column<Row>[] = [...columns, { title: 'REASON', value: () => '', sparse: true }]
    expect(formatTable(rows, sparse, { wide: false, style: plainStyle })).not.toContain('REASON')
  })

  it('never lets a value steer the terminal or begin a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (note) => {
        const text = formatTable([{ name: 'x', note }], columns, { wide: true, style: plainStyle })
        expect(text.split('\n')).toHaveLength(2)
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
      }),
    )
  })

  it('fits the width that it is given where its columns can shrink to it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.constantFrom('a', 'web'), note: fc.string() }), { minLength: 1 }),
        fc.integer({ min: 20, max: 60 }),
        (some, width) => {
          const lines = formatTable(some, columns, { wide: false, width, style: plainStyle }).split('\n')
          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width)
        },
      ),
    )
  })
})

describe('widths', () => {
  it('count columns, not characters', () => {
    expect([widthOf('abc'), widthOf('日本'), widthOf('e\u0301'), widthOf('\u001b[31mred\u001b[39m')]).toEqual([
      3, 4, 1, 3,
    ])
  })

  it('are never exceeded by what is cut', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 40 }),
        (text, width) => widthOf(cut(text, width)) <= width,
      ),
    )
  })

  it('break lines at spaces without losing a word', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
        fc.integer({ min: 12, max: 40 }),
        (list, width) => {
          const lines = wrap(list.join(' '), width)
          expect(lines.join(' ')).toBe(list.join(' '))
          expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
        },
      ),
    )
  })

  it('show control characters instead of sending them', () => {
    expect(harmless('a\u001b[2Jb\u009bc\td')).toBe('a\\x1b[2Jb\\x9bc\td')
  })
})

describe('a problem', () => {
  const text = 'services:\n  web:\n    imag: nginx\n'
  const source = { file: 'escale.yaml', line: 3, column: 5 }

  it('says where, what, why and what to do, with the line and a caret', () => {
    expect(
      formatProblem(
        problem('unknown-key', 'no key `imag`', { source, allowed: ['image', 'build'], fix: 'did you mean `image`?' }),
        { style: plainStyle, text },
      ),
    ).toMatchInlineSnapshot(`
      "escale.yaml:3:5: error[unknown-key] no key \`imag\`
        3 │     imag: nginx
          │     ^^^^
        why: A key that does not exist at this place.
        allowed: image, build
        fix: did you mean \`image\`?"
    `)
  })

  it('names its path where it stands in no text', () => {
    expect(formatProblem(problem('no-capacity', 'too large', { path: 'services.web.size' }), { style: plainStyle }))
      .toMatchInlineSnapshot(`
      "error[no-capacity] too large
        at: services.web.size
        why: The machines cannot hold what the manifest asks."
    `)
  })

  it('shows a very long line around its place', () => {
    const long = `key: ${'x'.repeat(300)} HERE ${'y'.repeat(300)}`
    const shown = formatProblem(problem('not-allowed', 'no', { source: { line: 1, column: 307 } }), {
      style: plainStyle,
      text: long,
      width: 80,
    })
    const [, line = '', caret = ''] = shown.split('\n')
    expect(line.length).toBeLessThanOrEqual(80)
    expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('HERE')
  })

  it('marks a quoted key as a whole', () => {
    const shown = formatProblem(problem('unknown-key', 'no', { source: { line: 1, column: 3 } }), {
      style: plainStyle,
      text: '  "/etc/a b": 1',
    })
    expect(shown.split('\n')[2]).toBe('    │   ^^^^^^^^^^')
  })

  it('counts the allowed values that it does not list', () => {
    const allowed = Array.from({ length: 20 }, (_, index) => `v${String(index)}`)
    expect(formatProblem(problem('not-allowed', 'no', { allowed }), { style: plainStyle })).toContain('and 8 more')
  })

  it('comes with its peers in the order of the text, errors first', () => {
    const at = (line: number) => ({ source: { line, column: 1 } })
    const shown = formatProblems(
      [
        problem('df-cd', 'late warning', at(1)),
        problem('not-allowed', 'second', at(9)),
        problem('not-allowed', 'first', at(2)),
      ],
      { style: plainStyle },
    )
    expect(shown.match(/first|second|late warning/g)).toEqual(['first', 'second', 'late warning'])
  })

  it('of a newer server is shown without a meaning', () => {
    const unknown = { ...problem('not-allowed', 'new'), code: 'from-the-future' as never }
    expect(formatProblem(unknown, { style: plainStyle })).toBe('error[from-the-future] new')
  })

  it('never fails, whatever its position', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 500 }),
        (content, line, column) => {
          formatProblem(problem('not-allowed', 'x', { source: { line, column } }), {
            style: colourStyle,
            text: content,
            width: 60,
          })
        },
      ),
    )
  })
})

describe('a live area', () => {
  const recorder = (rows: number, columns = 40) => {
    const written: string[] = []
    return {
      written,
      sink: { write: (data: string | Uint8Array) => void written.push(String(data)), isTTY: true, rows, columns },
    }
  }

  it('erases exactly what it drew', () => {
    const { sink, written } = recorder(24)
    const area = new LiveArea(sink)
    area.draw(['one', 'two'])
    area.draw(['three'])
    area.print(['stays'])
    area.draw(['four'])
    expect(written).toEqual(['one\ntwo\n', '\u001b[2A\u001b[Jthree\n', '\u001b[1A\u001b[Jstays\n', 'four\n'])
  })

  it('never draws more lines than the terminal has, nor lines that wrap', () => {
    const { sink, written } = recorder(4, 10)
    new LiveArea(sink).draw(['a'.repeat(30), 'b', 'c', 'd', 'e'])
    expect(written[0]!.split('\n')).toEqual(['aaaaaaaa…', 'b', 'c', ''])
  })
})

describe('units', () => {
  it('are those that say enough', () => {
    expect([0, 59_000, 119_000, 120_000, 7_200_000, 172_800_000].map(formatDuration)).toEqual([
      '0s',
      '59s',
      '119s',
      '2m',
      '2h',
      '2d',
    ])
    expect([0, 999, 1_500, 12_345_678, 5_000_000_000].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.5 kB',
      '12.3 MB',
      '5.0 GB',
    ])
    expect(['90s', '1h30m', '2d', '', '5', 'm', '1.5h'].map(parseDurationMs)).toEqual([
      90_000,
      5_400_000,
      172_800_000,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('colours', () => {
  it('are for terminals that want them', () => {
    const wish = { isTTY: true, env: {}, refused: false }
    expect(styleFor(wish)).toBe(colourStyle)
    for (const no of [
      { ...wish, isTTY: false },
      { ...wish, refused: true },
      { ...wish, env: { NO_COLOR: '1' } },
      { ...wish, env: { TERM: 'dumb' } },
    ]) {
      expect(styleFor(no)).toBe(plainStyle)
    }
    expect(styleFor({ ...wish, env: { NO_COLOR: '' } })).toBe(colourStyle)
  })
})
