import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Ended, file, finish, folder } from './lab.ts'

const ready = (script: string, timeoutMs = 5000, more: readonly string[] = []): Promise<Ended> =>
  finish([
    'check',
    '--state',
    folder(),
    ...more,
    '--ready',
    'exec:3',
    '/bin/sh',
    '-c',
    script,
    '--timeout',
    String(timeoutMs),
  ])

describe('exec', () => {
  it('is healthy when the command ends with 0', async () => {
    expect(await ready('exit 0')).toEqual({ code: 0, stdout: 'ready\n', stderr: '' })
  })

  it('is unhealthy at any other code, and shows what the command said', async () => {
    expect(await ready('echo not yet; exit 3')).toMatchObject({
      code: 1,
      stdout: 'not yet\nready: /bin/sh ended with 3\n',
    })
  })

  it('is unhealthy when a signal ended the command', async () => {
    expect((await ready('kill -KILL $$')).stdout).toBe('ready: /bin/sh ended with 137\n')
  })

  it('is unhealthy when the command does not exist', async () => {
    const ended = await finish(['check', '--state', folder(), '--ready', 'exec:1', 'no-such', '--timeout', '5000'])
    expect(ended).toMatchObject({ code: 1, stdout: 'ready: no-such ended with 127\n' })
  })

  it('kills the command and what it started when its time is over', async () => {
    const left = join(folder(), 'left')
    const ended = await ready(`(sleep 1; echo > ${left}) & sleep 60`, 200)
    expect(ended).toMatchObject({ code: 1, stdout: 'ready: /bin/sh was killed after 200 ms\n' })
    await sleep(1200)
    expect(existsSync(left)).toBe(false)
  })

  it('gives the command the secrets of the program', async () => {
    const secret = ['--env', `TOKEN=${file('open sesame')}`]
    expect((await ready('test "$TOKEN" = "open sesame"', 5000, secret)).code).toBe(0)
  })

  it('is unhealthy when a secret is missing', async () => {
    const ended = await ready('exit 0', 5000, ['--env', 'TOKEN=/no/such'])
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('cannot set TOKEN')
  })
})
