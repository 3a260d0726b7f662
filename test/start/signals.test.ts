import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { amd64, asInit, file, finish, folder, launch, type Running } from './lab.ts'

/** A program that says each signal it gets and ends with 7 on TERM and 8 on QUIT; `wait` returns when a trap ran. */
const listener = (trapped: readonly string[] = []): string => `#!/bin/sh
${trapped.map((name) => `trap 'echo got ${name}' ${name}`).join('\n')}
trap 'echo got TERM; exit 7' TERM
trap 'echo got QUIT; exit 8' QUIT
trap 'kill $!' EXIT
sleep 60 > /dev/null 2>&1 & echo up
while :; do wait; done
`

async function listening(args: readonly string[], trapped: readonly string[] = []): Promise<Running> {
  const running = launch(['run', ...args, '--', file(listener(trapped), 0o755)])
  await running.says('up')
  return running
}

/** Longer than any test waits: what happens before it is over did not wait for it. */
const endless = '600000'

describe('forwarding', () => {
  it.each(['HUP', 'INT', 'USR1', 'USR2', 'WINCH', 'CONT', 'ALRM'])('passes SIG%s on', async (name) => {
    const running = await listening([], [name])
    running.kill(`SIG${name}` as NodeJS.Signals)
    await running.says(`got ${name}`)
    running.kill('SIGTERM')
    expect((await running.ended).code).toBe(7)
  })

  it('passes a signal on once', async () => {
    const running = await listening([], ['USR1'])
    running.kill('SIGUSR1')
    await running.says('got USR1')
    running.kill('SIGTERM')
    expect((await running.ended).stdout).toBe('up\ngot USR1\ngot TERM\n')
  })

  it('passes other signals on while it holds the stop signal', async () => {
    const running = await listening(['--drain', endless], ['USR1'])
    running.kill('SIGTERM')
    running.kill('SIGUSR1')
    await running.says('got USR1')
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 7, stdout: 'up\ngot USR1\ngot TERM\n' })
  })

  it('ends with the program when that ends while the stop signal is held', async () => {
    const running = await listening(['--drain', endless])
    running.kill('SIGTERM')
    running.kill('SIGQUIT')
    expect((await running.ended).code).toBe(8)
  })
})

describe('stop', () => {
  it('waits drain before the signal', async () => {
    const running = await listening(['--drain', '400'])
    const before = performance.now()
    running.kill('SIGTERM')
    expect((await running.ended).code).toBe(7)
    // Not a promise of speed but of order: the signal cannot have come before its time.
    expect(performance.now() - before).toBeGreaterThanOrEqual(395)
  })

  it('runs drain, then the hook, then the signal', async () => {
    const trace = join(folder(), 'trace')
    const running = await listening([
      '--drain',
      '50',
      '--stop-exec',
      '3',
      '/bin/sh',
      '-c',
      `echo hook; echo hook > ${trace}`,
      '--stop-exec-timeout',
      endless,
    ])
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 7, stdout: 'up\nhook\ngot TERM\n' })
    expect(readFileSync(trace, 'utf8')).toBe('hook\n')
  })

  it('gives the hook the secrets, too', async () => {
    const env = ['--env', `TOKEN=${file('s3cret')}`]
    const running = await listening([
      ...env,
      '--stop-exec',
      '2',
      '/usr/bin/printenv',
      'TOKEN',
      '--stop-exec-timeout',
      endless,
    ])
    running.kill('SIGTERM')
    expect((await running.ended).stdout).toBe('up\ns3cret\ngot TERM\n')
  })

  it('goes on when the hook fails, and says so', async () => {
    const running = await listening(['--stop-exec', '1', '/bin/false', '--stop-exec-timeout', endless])
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({
      code: 7,
      stdout: 'up\ngot TERM\n',
      stderr: 'escale-start: the stop hook /bin/false ended with 1\n',
    })
  })

  it('kills a hook that takes longer than its timeout, with all it started', async () => {
    const left = join(folder(), 'left')
    const script = `(sleep 1; echo > ${left}) & sleep 60`
    const running = await listening(['--stop-exec', '3', '/bin/sh', '-c', script, '--stop-exec-timeout', '200'])
    running.kill('SIGTERM')
    const ended = await running.ended
    expect(ended).toMatchObject({ code: 7, stdout: 'up\ngot TERM\n' })
    expect(ended.stderr).toContain('was killed after 200 ms')
    await sleep(1200)
    expect(existsSync(left)).toBe(false)
  })

  it('forwards at once on the second stop signal during drain', async () => {
    const running = await listening(['--drain', endless], ['USR1'])
    running.kill('SIGTERM')
    running.kill('SIGUSR1')
    await running.says('got USR1')
    running.kill('SIGTERM')
    expect((await running.ended).code).toBe(7)
  })

  it('forwards at once on the second stop signal during the hook', async () => {
    const hook = ['--stop-exec', '3', '/bin/sh', '-c', 'echo hook; exec sleep 60', '--stop-exec-timeout', endless]
    const running = await listening(hook)
    running.kill('SIGTERM')
    await running.says('hook')
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 7, stdout: 'up\nhook\ngot TERM\n' })
  })

  it('holds the signal that --stop-signal names and no other', async () => {
    const running = await listening(['--stop-signal', 'SIGQUIT', '--drain', endless])
    running.kill('SIGTERM')
    expect((await running.ended).code).toBe(7)
    const other = await listening(['--stop-signal', '3', '--drain', '1'])
    other.kill('SIGQUIT')
    expect((await other.ended).code).toBe(8)
  })

  it('passes every further stop signal on after the first was', async () => {
    const script = `#!/bin/sh\ntrap 'echo got TERM $((n=n+1)); test $n = 3 && exit 9' TERM\nn=0; trap 'kill $!' EXIT; sleep 60 > /dev/null 2>&1 & echo up\nwhile :; do wait; done\n`
    const running = launch(['run', '--', file(script, 0o755)])
    await running.says('up')
    for (const number of [1, 2, 3]) {
      running.kill('SIGTERM')
      await running.says(`got TERM ${number}`)
    }
    expect((await running.ended).code).toBe(9)
  })
})

const init = asInit()

describe.skipIf(init === undefined)('as PID 1', () => {
  const prefix = init ?? []
  const shell = (script: string): Promise<{ readonly code: unknown; readonly stdout: string }> =>
    finish(['run', '--', '/bin/sh', '-c', script], { prefix })

  it('is PID 1 and keeps the exit code', async () => {
    expect(await shell('read -r name < /proc/1/comm; echo $name; exit 42')).toMatchObject({
      code: 42,
      stdout: 'start-amd64\n',
    })
  })

  it('answers 128 + number when a signal ended the program', async () => {
    expect((await shell('kill -KILL $$')).code).toBe(137)
  })

  it('reaps orphans', async () => {
    // Each inner shell leaves a grandchild that ends as an orphan of PID 1; a zombie shows as state Z.
    const script = `for i in 1 2 3 4 5 6 7 8; do sh -c 'sleep 0.05 & exit 0'; done; sleep 0.6
      cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z '; exit 0`
    expect((await shell(script)).stdout).toBe('0\n')
  })

  it('takes TERM although the kernel shields PID 1, waits and forwards it', async () => {
    const program = file(listener(), 0o755)
    const marker = join(folder(), 'stop')
    writeFileSync(marker, '')
    // The killer lives in the same space, so PID 1 is its PID 1.
    const script = `(while test -e ${marker}; do sleep 0.05; done; kill -TERM 1) & exec ${program}`
    const running = launch(['run', '--drain', '50', '--', '/bin/sh', '-c', script], { prefix })
    await running.says('up')
    rmSync(marker)
    expect(await running.ended).toMatchObject({ code: 7, stdout: 'up\ngot TERM\n' })
  })

  it('ends with the program although others still run', async () => {
    expect((await shell('sleep 60 >/dev/null 2>&1 & exit 5')).code).toBe(5)
  })
})

describe('not as PID 1', () => {
  it('reaps orphans as well', async () => {
    const script = `for i in 1 2 3; do sh -c 'sleep 0.05 & exit 0'; done; sleep 0.5
      for stat in /proc/[0-9]*/stat; do set -- $(sed 's/.*) //' $stat 2>/dev/null); test "$2" = $PPID && echo "$1"; done`
    expect((await finish(['run', '--', '/bin/sh', '-c', script])).stdout).not.toContain('Z')
  })
})

describe('with a terminal', () => {
  it('makes the program the foreground of the terminal, so that keys reach it and only once', async () => {
    // Fields 5 and 8 of its stat: its own group, and the one the terminal signals.
    const show = `set -- $(cat /proc/$$/stat); test "$5" = "$8" && test "$5" = $$ && echo foreground`
    const command = `${amd64} run -- /bin/sh -c '${show}'`
    const ended = await finish(['-qec', command, '/dev/null'], { binary: '/usr/bin/script' })
    expect(ended).toMatchObject({ code: 0, stdout: 'foreground\r\n' })
  })
})
