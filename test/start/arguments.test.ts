import { describe, expect, it } from 'vitest'
import { canHoldSignal } from '../../lib/core/start-helper.ts'
import { finish } from './lab.ts'

const wrong: readonly (readonly [string, readonly string[], string])[] = [
  ['no mode', [], 'is no mode'],
  ['an unknown mode', ['start'], "'start' is no mode"],
  ['run without a command', ['run', '--'], 'no command after --'],
  ['run without --', ['run'], 'options, then --'],
  ['an unknown option of run', ['run', '--drian', '5', '--', 'true'], "unknown option '--drian'"],
  ['a command without --', ['run', 'true'], 'the command stands after --'],
  ['a variable without file', ['run', '--env', 'A', '--', 'true'], 'NAME=FILE'],
  ['a variable with an empty file', ['run', '--env', 'A=', '--', 'true'], 'NAME=FILE'],
  ['a variable without name', ['run', '--env', '=/a', '--', 'true'], 'no name of a variable'],
  ['a variable given twice', ['run', '--env', 'A=/a', '--env-ip', 'A', '--', 'true'], 'A is given twice'],
  ['a drain with a unit', ['run', '--drain', '5s', '--', 'true'], "'5s' is no number of milliseconds"],
  ['a negative drain', ['run', '--drain', '-1', '--', 'true'], "'-1' is no number of milliseconds"],
  ['a drain beyond a day', ['run', '--drain', '86400001', '--', 'true'], 'milliseconds'],
  ['a drain beyond 64 bits', ['run', '--drain', '99999999999999999999999', '--', 'true'], 'milliseconds'],
  ['a hook without timeout', ['run', '--stop-exec', '1', 'x', '--', 'true'], 'go together'],
  ['a timeout without hook', ['run', '--stop-exec-timeout', '1', '--', 'true'], 'go together'],
  ['a hook that counts too far', ['run', '--stop-exec', '9', 'x', '--', 'true'], 'does not count'],
  ['an empty hook', ['run', '--stop-exec', '0', '--', 'true'], 'does not count'],
  ['an option without its value', ['run', '--drain'], 'expected milliseconds after it'],
  ['a check without probes', ['check'], 'at least one of'],
  ['an unknown option of check', ['check', '--reddy', 'tcp:1'], "unknown option '--reddy'"],
  ['a probe without timeout', ['check', '--ready', 'tcp:1'], '--timeout MS'],
  ['a timeout of zero', ['check', '--ready', 'tcp:1', '--timeout', '0'], '--timeout MS'],
  ['a timeout before its probe', ['check', '--timeout', '5'], 'stands after the probe'],
  ['an unknown kind of probe', ['check', '--ready', 'udp:1', '--timeout', '5'], "'udp:1' is no probe"],
  ['https, which the targets approximate', ['check', '--ready', 'https:1/', '--timeout', '5'], 'is no probe'],
  ['a probe without colon', ['check', '--ready', 'tcp', '--timeout', '5'], 'is no probe'],
  ['port 0', ['check', '--ready', 'tcp:0', '--timeout', '5'], 'port from 1 to 65535'],
  ['port 65536', ['check', '--ready', 'tcp:65536', '--timeout', '5'], 'port from 1 to 65535'],
  ['a port that is a name', ['check', '--ready', 'http:web/', '--timeout', '5'], 'port from 1 to 65535'],
  ['an http probe without path', ['check', '--ready', 'http:80', '--timeout', '5'], 'has no path'],
  ['a path with a line end', ['check', '--ready', 'http:80/a\r\nX: y', '--timeout', '5'], 'control character'],
  ['a path with a space', ['check', '--ready', 'http:80/a b', '--timeout', '5'], 'percent-encode'],
  ['a path for tcp', ['check', '--ready', 'tcp:80/', '--timeout', '5'], 'port only'],
  ['an exec probe that counts too far', ['check', '--ready', 'exec:9', 'true', '--timeout', '5'], 'does not count'],
  ['a header for tcp', ['check', '--ready', 'tcp:80', '--header', 'A: b'], 'after an http probe'],
  ['a header with a line end', ['check', '--ready', 'http:80/', '--header', 'A: b\r\nC: d'], 'one line'],
  ['a header without colon', ['check', '--ready', 'http:80/', '--header', 'Ab'], 'one line'],
  [
    'no state and no budget',
    ['check', '--state', 'none', '--ready', 'tcp:1', '--timeout', '5'],
    'needs --startup-within',
  ],
  ['a wait without number', ['wait'], 'expected milliseconds'],
  ['a wait with more than a number', ['wait', '1', '2'], "unexpected argument '2'"],
]

describe('wrong arguments', () => {
  it.each(wrong)('answers 125 and says why: %s', async (_name, args, why) => {
    const ended = await finish(args)
    expect(ended.stderr).toContain(why)
    expect(ended).toMatchObject({ code: 125, stdout: '' })
    expect(ended.stderr.split('\n')).toHaveLength(2)
  })
})

describe('small modes', () => {
  it('prints its version', async () => {
    expect(await finish(['version'])).toMatchObject({ code: 0, stdout: '1.0.0\n' })
  })

  it('waits', async () => {
    expect(await finish(['wait', '1'])).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

describe('stop signals', () => {
  const numbers = Array.from({ length: 67 }, (_, number) => String(number))
  const names = [
    'TERM',
    'SIGTERM',
    'QUIT',
    'SIGQUIT',
    'SIGWINCH',
    'USR1',
    'SIGKILL',
    'STOP',
    'CHLD',
    'PIPE',
    'NONE',
    '',
    'SIG',
    'term',
  ]
  const realtime = [
    'RTMIN',
    'RTMIN+0',
    'RTMIN+1',
    'SIGRTMIN+3',
    'RTMIN+30',
    'RTMIN+31',
    'RTMAX',
    'RTMAX-29',
    'SIGRTMAX-30',
    'RTMAX-x',
    '-1',
  ]

  it.each([
    ['numbers', numbers],
    ['names', names],
    ['real-time signals', realtime],
  ])('are judged alike by the helper and by canHoldSignal: %s', async (_kind, signals) => {
    for (const signal of signals) {
      const { code } = await finish(['run', '--stop-signal', signal, '--', 'true'])
      expect([signal, code === 0]).toEqual([signal, canHoldSignal(signal)])
    }
  })
})
