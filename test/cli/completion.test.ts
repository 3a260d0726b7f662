import { describe, expect, it } from 'vitest'
import { configPath, saveContext } from '../../lib/cli/config/file.ts'
import { testServer } from './support/server.ts'
import { terminal } from './support/terminal.ts'
import type { Terminal } from './support/terminal.ts'
import { withJob } from './support/manifests.ts'

const complete = async (t: Terminal, ...words: readonly string[]): Promise<readonly string[]> => {
  const { status, stdout, stderr } = await t.run(['__complete', ...words])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!]))
}

describe('completion', () => {
  it('offers commands with what they do', async () => {
    const { stdout } = await terminal().run(['__complete', 'de'])
    expect(stdout).toBe('deploy\tdeploy a manifest and wait until it runs\n')
    expect(await complete(terminal(), 'secrets', '')).toEqual(['set', 'ls', 'versions', 'rm'])
    expect(await complete(terminal(), 're')).toEqual(
      ['releases', 'rollback', 'restart'].filter((word) => word.startsWith('re')),
    )
  })

  it('offers the options of the command, and those of every command', async () => {
    expect(await complete(terminal(), 'deploy', '--de')).toEqual(['--detach'])
    expect(await complete(terminal(), 'status', '--w')).toEqual(['--watch'])
    expect(await complete(terminal(), 'ls', '--')).toEqual(
      expect.arrayContaining(['--output', '--project', '--no-color', '--help']),
    )
  })

  it('offers the values of options, after a space and after an equals sign', async () => {
    expect(await complete(terminal(), 'ls', '-o', '')).toEqual(['table', 'wide', 'json', 'yaml'])
    expect(await complete(terminal(), 'ls', '--output=j')).toEqual(['--output=json'])
    expect(await complete(terminal(), 'ls', '--output', '=', 'j')).toEqual(['json'])
    expect(await complete(terminal(), 'completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  it('leaves files and folders to the shell', async () => {
    expect(await complete(terminal(), 'deploy', '-f', '')).toEqual([':file'])
    expect(await complete(terminal(), 'up', '--data-dir', '')).toEqual([':folder'])
  })

  it('offers names of the manifest without a server', async () => {
    const t = terminal({ files: { 'escale.yaml': `${withJob}environments:\n  staging: {}\n  production: {}\n` } })
    expect(await complete(t, 'logs', '')).toEqual(['migrate', 'web'])
    expect(await complete(t, 'restart', 'web', '')).toEqual(['migrate', 'web'])
    expect(await complete(t, 'run', 'm')).toEqual(['migrate'])
    expect(await complete(t, 'deploy', '--env', 'p')).toEqual(['production'])
  })

  it('offers names that the server knows', async () => {
    const server = await testServer()
    const t = terminal({
      files: { 'escale.yaml': withJob },
      fetch: server.fetch,
      env: server.env,
      clock: server.platform.clock,
    })
    await t.run('deploy')
    expect(await complete(t, 'status', '')).toEqual(['hello'])
    expect(await complete(t, 'deploy', '--to', '')).toEqual(['local'])
    expect(await complete(t, 'ls', '-p', '')).toEqual(['default'])
    expect(await complete(t, 'logs', '--app', 'hello', '')).toEqual(['migrate', 'web'])
  })

  it('offers the contexts that are remembered', async () => {
    const t = terminal()
    await saveContext(configPath({ env: {}, home: t.home }), 'work', { url: 'http://work' })
    expect(await complete(t, 'ls', '--context', '')).toEqual(['work'])
  })

  it('stays silent where it cannot know', async () => {
    const t = terminal({ env: { ESCALE_URL: 'http://127.0.0.1:1' } })
    expect(await complete(t, 'status', '')).toEqual([])
    expect(await complete(t, 'nonsense', 'x', '')).toEqual([])
    expect(await complete(t, 'deploy', '--bogus', '')).toEqual([])
    expect(await complete(t)).toContain('deploy')
  })

  it('offers no command line of its own after `--`', async () => {
    expect(await complete(terminal(), 'exec', 'web', '--', '--')).toEqual([])
  })

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { status, stdout } = await terminal().run(`completion ${shell}`)
    expect(status).toBe(0)
    expect(stdout).toContain('__complete')
    await expect(stdout).toMatchFileSnapshot(`../golden/cli/completion/${shell}.txt`)
  })
})
