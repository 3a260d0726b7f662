import { closeSync, openSync, readFileSync, readSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { file, finish, folder, launch } from './lab.ts'

const shell = (script: string): readonly string[] => ['--', '/bin/sh', '-c', script]

describe('exit codes of run', () => {
  it.each([0, 1, 3, 124, 255])('keeps the code %d of the program', async (code) => {
    expect((await finish(['run', ...shell(`exit ${code}`)])).code).toBe(code)
  })

  it.each([
    ['TERM', 143],
    ['KILL', 137],
    ['SEGV', 139],
  ])('answers 128 + number when SIG%s ended the program', async (signal, code) => {
    expect((await finish(['run', ...shell(`kill -${signal} $$`)])).code).toBe(code)
  })

  it('answers 127 for a program that is not in PATH', async () => {
    const ended = await finish(['run', '--', 'no-such-program-here'])
    expect(ended).toMatchObject({ code: 127, stderr: 'escale-start: no-such-program-here: not found in PATH\n' })
  })

  it('answers 127 for a path that does not exist', async () => {
    expect((await finish(['run', '--', '/no/such/program'])).code).toBe(127)
  })

  it('answers 126 for a file that is not executable', async () => {
    const ended = await finish(['run', '--', file('#!/bin/sh\n', 0o644)])
    expect(ended.code).toBe(126)
    expect(ended.stderr).toContain('cannot be executed')
  })

  it('answers 126 for a file that is no program, without asking a shell', async () => {
    expect((await finish(['run', '--', file('echo hello\n', 0o755)])).code).toBe(126)
  })
})

describe('the program', () => {
  it('is found in the PATH of the container', async () => {
    const bin = folder()
    symlinkSync('/bin/echo', join(bin, 'only-here'))
    const ended = await finish(['run', '--', 'only-here', 'found'], { env: { PATH: `/nowhere:${bin}` } })
    expect(ended).toMatchObject({ code: 0, stdout: 'found\n' })
  })

  it('gets its arguments as they are, also those that look like options', async () => {
    const ended = await finish(['run', '--', '/usr/bin/printf', '%s|', '--env', '--', '', ' a b ', '$HOME', 'é'])
    expect(Buffer.from(ended.stdout, 'latin1').toString()).toBe('--env|--|| a b |$HOME|é|')
  })

  it('inherits the plain environment', async () => {
    expect((await finish(['run', ...shell('echo $SEEN')])).stdout).toBe('plain\n')
  })

  it('starts with no signal blocked', async () => {
    expect((await finish(['run', ...shell('grep SigBlk /proc/self/status')])).stdout).toMatch(
      /SigBlk:\s+0000000000000000/,
    )
  })

  it('leads a process group of its own', async () => {
    const ended = await finish(['run', ...shell('set -- $(cat /proc/self/stat); echo $5 $$')])
    const [group, pid] = ended.stdout.trim().split(' ')
    expect(group).toBe(pid)
  })
})

describe('secrets in the environment', () => {
  it('sets a variable to the bytes of its file, also a newline at the end', async () => {
    const path = file('p@ss word\n')
    const ended = await finish(['run', '--env', `DB_PASS=${path}`, '--', '/usr/bin/printenv', '-0', 'DB_PASS'])
    expect(ended).toMatchObject({ code: 0, stdout: 'p@ss word\n\0' })
  })

  it('sets several variables and overrides an inherited one', async () => {
    const args = ['--env', `A=${file('1')}`, '--env', `SEEN=${file('secret')}`, '--env', `EMPTY=${file('')}`]
    expect((await finish(['run', ...args, ...shell('echo "$A,$SEEN,$EMPTY,${EMPTY+set}"')])).stdout).toBe(
      '1,secret,,set\n',
    )
  })

  it('keeps any bytes but NUL', async () => {
    const value = fc.uint8Array({ minLength: 0, maxLength: 300 }).map((bytes) => bytes.map((byte) => byte || 1))
    await fc.assert(
      fc.asyncProperty(value, async (bytes) => {
        const ended = await finish(['run', '--env', `V=${file(bytes)}`, '--', '/usr/bin/printenv', '-0', 'V'])
        expect(Buffer.from(ended.stdout, 'latin1')).toEqual(Buffer.concat([bytes, Buffer.from([0])]))
      }),
      { numRuns: 15 },
    )
  })

  it('does not start the program when a file is missing', async () => {
    const ended = await finish(['run', '--env', 'TOKEN=/run/secrets/no-such', ...shell('echo started')])
    expect(ended).toMatchObject({ code: 124, stdout: '' })
    expect(ended.stderr).toContain('cannot set TOKEN: /run/secrets/no-such: No such file or directory')
  })

  it('refuses a folder', async () => {
    expect(await finish(['run', '--env', `TOKEN=${folder()}`, ...shell('echo started')])).toMatchObject({
      code: 124,
      stdout: '',
    })
  })

  it('refuses a value with a NUL byte and does not show it', async () => {
    const ended = await finish(['run', '--env', `TOKEN=${file('hidden\0part')}`, ...shell('echo started')])
    expect(ended).toMatchObject({ code: 124, stdout: '' })
    expect(ended.stderr).toContain('NUL byte')
    expect(ended.stderr).not.toContain('hidden')
  })

  it('passes on the longest value a variable can hold', async () => {
    const longest = 128 * 1024 - 'V='.length - 1
    const ended = await finish(['run', '--env', `V=${file('x'.repeat(longest))}`, ...shell('echo ${#V}')])
    expect(ended).toMatchObject({ code: 0, stdout: `${longest}\n` })
  })

  it('refuses a longer one', async () => {
    const path = file('x'.repeat(128 * 1024 - 'V='.length))
    const ended = await finish(['run', '--env', `V=${path}`, ...shell('echo started')])
    expect(ended).toMatchObject({ code: 124, stdout: '' })
    expect(ended.stderr).toContain('use it as a file')
  })

  it('never come into the memory of the helper itself', async () => {
    const running = launch([
      'run',
      '--env',
      `TOKEN=${file('very-'.concat('secret'))}`,
      ...shell('echo up; exec sleep 30'),
    ])
    await running.says('up')
    const memory = memoryOf(running.pid)
    expect(memory.includes('SEEN=plain')).toBe(true)
    expect(memory.includes('very-secret')).toBe(false)
    running.kill('SIGTERM')
    expect((await running.ended).code).toBe(143)
  })
})

/** All that a process can write to: its stack, data and heap. */
function memoryOf(pid: number): Buffer {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    const regions = readFileSync(`/proc/${pid}/maps`, 'latin1').matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)
    return Buffer.concat(
      [...regions].map(([, from = '', to = '']) => {
        const region = Buffer.alloc(Number.parseInt(to, 16) - Number.parseInt(from, 16))
        readSync(memory, region, 0, region.length, Number.parseInt(from, 16))
        return region
      }),
    )
  } finally {
    closeSync(memory)
  }
}

describe('instance values', () => {
  it('sets a variable to an address of this machine', async () => {
    const bin = folder()
    writeFileSync(join(bin, 'show'), '#!/bin/sh\necho "$IP"\n', { mode: 0o755 })
    const ended = await finish(['run', '--env-ip', 'IP', '--', join(bin, 'show')])
    if (ended.code === 125) expect(ended.stderr).toContain('has no IPv4 address')
    else expect(ended.stdout).toMatch(/^(?!127\.)\d+\.\d+\.\d+\.\d+\n$/)
  })
})
