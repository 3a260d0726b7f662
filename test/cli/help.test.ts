import { describe, expect, it } from 'vitest'
import { cliReference } from '../../docs/generate/cli.ts'
import { commands } from '../../lib/cli/commands/table.ts'
import type { AnyRecord } from '../../lib/cli/command.ts'
import { terminal } from './support/terminal.ts'

const paths = (records: readonly AnyRecord[], before: readonly string[] = []): readonly (readonly string[])[] =>
  records.flatMap((record) => {
    const path = [...before, record.name]
    return record.kind === 'group' ? [path, ...paths(record.commands, path)] : [path]
  })

const all = paths(commands)

describe('help', () => {
  it('lists every command', async () => {
    const { status, stdout, stderr } = await terminal().run('--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    await expect(stdout).toMatchFileSnapshot('../golden/cli/help/escale.txt')
  })

  it.each(all)('of %s %s is as it was', async (...path) => {
    const { status, stdout, stderr } = await terminal().run([...path, '--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    await expect(stdout).toMatchFileSnapshot(`../golden/cli/help/${path.join('-')}.txt`)
  })

  it('fits into 80 columns but for the names of options', async () => {
    for (const path of all) {
      const { stdout } = await terminal().run([...path, '--help'])
      const prose = stdout.split('Examples:')[0]!.split('\n')
      expect(prose.filter((line) => line.length > 80)).toEqual([])
    }
  })

  it('is what a bare `escale` prints', async () => {
    const bare = await terminal().run([])
    const asked = await terminal().run('--help')
    expect(bare.stdout.trim().split('\n')[0]).toBe(asked.stdout.trim().split('\n')[0])
    expect(bare.status).toBe(0)
  })

  it('answers `escale help deploy` as `escale deploy --help`', async () => {
    const one = await terminal().run('help deploy')
    const other = await terminal().run('deploy --help')
    expect(one.stdout).toBe(other.stdout)
  })
})

describe('records', () => {
  const leaves = (records: readonly AnyRecord[]): readonly AnyRecord[] =>
    records.flatMap((record) => (record.kind === 'group' ? [record, ...leaves(record.commands)] : [record]))

  it.each(leaves(commands).map((record) => [record.name, record] as const))(
    '%s has an example that begins with escale, and a summary of half a line',
    (_, record) => {
      expect(record.summary).toMatch(/^[a-z][^.]{5,60}$/)
      expect(record.description).toMatch(/\.$/)
      if (record.kind === 'group') return
      expect(record.examples.length).toBeGreaterThan(0)
      for (const example of record.examples) expect(example.line).toMatch(/(^|[ (])escale /)
    },
  )

  it('take no option that every command has already', () => {
    const taken = new Set(['o', 'q', 'p', 'V', 'h'])
    for (const record of leaves(commands)) {
      if (record.kind === 'group') continue
      const shorts = Object.values(record.options).flatMap((option) => option.short ?? [])
      expect(new Set(shorts).size, record.name).toBe(shorts.length)
      expect(
        shorts.filter((short) => taken.has(short)),
        record.name,
      ).toEqual([])
    }
  })
})

describe('names of options', () => {
  it('never begin with `no`, which commander takes for the contrary of another option', () => {
    for (const record of commands.flatMap((each) => (each.kind === 'group' ? each.commands : [each]))) {
      expect(Object.keys(record.options).filter((key) => /^no[A-Z]/.test(key))).toEqual([])
    }
  })
})

describe('the reference', () => {
  it('is what the records say', async () => {
    await expect(cliReference()).toMatchFileSnapshot('../../docs/reference/cli.md')
  })
})
