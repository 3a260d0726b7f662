import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseIgnore } from '../../images/local/ignore.ts'

describe('.dockerignore', () => {
  it.each([
    ['node_modules', 'node_modules/a/b.js', true],
    ['node_modules', 'sub/node_modules/a.js', false],
    ['**/node_modules', 'sub/node_modules/a.js', true],
    ['*.log', 'a.log', true],
    ['*.log', 'sub/a.log', false],
    ['**/*.log', 'a.log', true],
    ['/dist/', 'dist/x', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[ab].txt', 'b.txt', true],
    ['[!ab].txt', 'b.txt', false],
    ['# a', '# a', false],
    ['*\n!keep.txt', 'keep.txt', false],
    ['*\n!keep.txt', 'other.txt', true],
    ['!keep.txt\n*', 'keep.txt', true],
    ['a.c', 'abc', false],
    ['[z-a]', '[z-a]', true],
  ])('%j and the path %s: ignored is %s', (text, path, ignored) => {
    expect(parseIgnore(text)(path)).toBe(ignored)
  })

  it('never fails, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string(),
        (text, path) => typeof parseIgnore(text)(path) === 'boolean',
      ),
    )
  })
})
