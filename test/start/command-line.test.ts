import { createServer } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startHelperCheck, startHelperPath, startHelperRun, startHelperWait } from '../../lib/core/start-helper.ts'
import { file, finish, folder, listen } from './lab.ts'

describe('the command line of run', () => {
  it('is the command behind -- when nothing is asked', () => {
    expect(startHelperRun({ command: ['nginx', '-g', 'daemon off;'] })).toEqual([
      '/.escale/start',
      'run',
      '--',
      'nginx',
      '-g',
      'daemon off;',
    ])
  })

  it('says all options', () => {
    const args = startHelperRun({
      environment: { files: { A: '/run/secrets/a', B: '/run/secrets/b' }, address: ['IP'] },
      stopSignal: 'SIGQUIT',
      drainMs: 15_000,
      stopExec: { command: ['sh', '-c', 'bye'], timeoutMs: 4000 },
      command: ['app'],
    })
    expect(args.join(' ')).toBe(
      '/.escale/start run --env A=/run/secrets/a --env B=/run/secrets/b --env-ip IP --stop-signal SIGQUIT ' +
        '--drain 15000 --stop-exec 3 sh -c bye --stop-exec-timeout 4000 -- app',
    )
  })

  it('leaves an empty hook out', () => {
    expect(startHelperRun({ stopExec: { command: [], timeoutMs: 1 }, command: ['a'] })).not.toContain('--stop-exec')
  })

  it('refuses an empty command', () => {
    expect(() => startHelperRun({ command: [] })).toThrow(/empty/)
  })

  it('is read by the helper as it was meant, for any words', async () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\0'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { maxLength: 5 }),
        fc.array(word, { minLength: 1, maxLength: 4 }),
        async (words, hook) => {
          const args = startHelperRun({
            environment: { files: { V: file('v') } },
            drainMs: 1,
            stopExec: { command: hook, timeoutMs: 1000 },
            command: ['/usr/bin/printf', '%s\\0', ...words, '.'],
          })
          const ended = await finish(args.slice(1))
          expect(ended.code).toBe(0)
          expect(Buffer.from(ended.stdout, 'latin1').toString()).toBe([...words, '.', ''].join('\0'))
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('the command line of check', () => {
  it('is undefined when there is nothing to check', () => {
    expect(startHelperCheck({ startupWithinMs: 5 })).toBeUndefined()
  })

  it('says all options', () => {
    const args = startHelperCheck({
      environment: { files: { A: '/run/secrets/a' } },
      state: '/dev/shm',
      startupWithinMs: 120_000,
      paceMs: 9000,
      startup: { probe: { kind: 'tcp', port: 1 }, timeoutMs: 1 },
      ready: { probe: { kind: 'http', path: '/up', port: 8080 }, timeoutMs: 2000, headers: { Host: 'a.example' } },
      live: { probe: { kind: 'exec', command: ['./alive', '-v'] }, timeoutMs: 3000 },
    })
    expect(args).toEqual([
      startHelperPath,
      'check',
      '--state',
      '/dev/shm',
      '--startup-within',
      '120000',
      '--pace',
      '9000',
      '--env',
      'A=/run/secrets/a',
      '--startup',
      'tcp:1',
      '--timeout',
      '1',
      '--ready',
      'http:8080/up',
      '--timeout',
      '2000',
      '--header',
      'Host: a.example',
      '--live',
      'exec:2',
      './alive',
      '-v',
      '--timeout',
      '3000',
    ])
  })

  it.each([
    [{ kind: 'https', path: '/up', port: 443 } as const, 'tcp:443'],
    [{ kind: 'grpc', port: 50 } as const, 'grpc:50'],
    [{ kind: 'grpc', port: 50, service: 'a.B' } as const, 'grpc:50/a.B'],
    [{ kind: 'http', path: '/a b?q=é%20', port: 80 } as const, 'http:80/a%20b?q=%C3%A9%20'],
  ])('writes %j', (probe, text) => {
    expect(startHelperCheck({ live: { probe, timeoutMs: 1 } })).toContain(text)
  })

  it('is read by the helper for any path', async () => {
    const paths: string[] = []
    const server = createServer((socket) => {
      socket.once('data', (chunk) => {
        paths.push(chunk.toString('latin1').split(' ')[1] ?? '')
        socket.end('HTTP/1.1 200 OK\r\n\r\n')
      })
    })
    const port = await listen(server)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 20 }), async (text) => {
        const probe = { kind: 'http', path: `/${text}`, port } as const
        const args = startHelperCheck({ state: folder(), live: { probe, timeoutMs: 5000 } }) ?? []
        expect((await finish(args.slice(1))).code).toBe(0)
        expect(paths.at(-1)).toMatch(/^\/[!-~]*$/)
      }),
      { numRuns: 40 },
    )
  })
})

describe('the command line of wait', () => {
  it('waits', async () => {
    expect((await finish(startHelperWait(0).slice(1))).code).toBe(0)
  })
})
