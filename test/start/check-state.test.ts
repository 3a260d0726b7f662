import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { asInit, type Ended, finish, folder } from './lab.ts'

type Named = 'started' | 'ready' | 'live'

/** A container whose readiness and liveness are files that are there or not. */
function container(): {
  readonly set: (which: Named, value: boolean) => void
  readonly check: (...which: readonly string[]) => Promise<Ended>
  readonly state: string
} {
  const home = folder()
  const state = folder()
  const path = (which: string): string => join(home, which)
  const probe = (option: string, which: string): readonly string[] => [
    option,
    'exec:3',
    '/usr/bin/test',
    '-e',
    path(which),
    '--timeout',
    '5000',
  ]
  return {
    state,
    set: (which, value) => (value ? writeFileSync(path(which), '') : rmSync(path(which), { force: true })),
    check: (...which) =>
      finish([
        'check',
        '--state',
        state,
        ...(which.includes('started') ? probe('--startup', 'started') : []),
        ...(which.includes('ready') ? probe('--ready', 'ready') : []),
        ...(which.includes('live') ? probe('--live', 'live') : []),
        ...which.filter((one) => !['started', 'ready', 'live'].includes(one)),
      ]),
  }
}

describe('ready first, then live', () => {
  it('is unhealthy until the first success of ready, whatever live says', async () => {
    const { set, check } = container()
    set('live', true)
    expect((await check('ready', 'live')).stdout).toContain('ready: ')
    expect((await check('ready', 'live')).code).toBe(1)
  })

  it('is healthy at the first success of ready, before live was asked', async () => {
    const { set, check } = container()
    set('ready', true)
    expect(await check('ready', 'live')).toMatchObject({ code: 0, stdout: 'ready\n' })
  })

  it('follows live only from then on: a later failure of ready restarts nothing', async () => {
    const { set, check } = container()
    set('ready', true)
    await check('ready', 'live')
    set('ready', false)
    set('live', true)
    expect(await check('ready', 'live')).toMatchObject({ code: 0, stdout: 'live\n' })
  })

  it('is unhealthy when live fails after the first success', async () => {
    const { set, check } = container()
    set('ready', true)
    await check('ready', 'live')
    expect(await check('ready', 'live')).toMatchObject({ code: 1, stdout: 'live: /usr/bin/test ended with 1\n' })
  })

  it('stays healthy after the first success when there is no live', async () => {
    const { set, check } = container()
    set('ready', true)
    await check('ready')
    set('ready', false)
    expect((await check('ready')).code).toBe(0)
  })

  it('follows live from the start when there is nothing else', async () => {
    const { set, check } = container()
    expect((await check('live')).code).toBe(1)
    set('live', true)
    expect((await check('live')).code).toBe(0)
    set('live', false)
    expect((await check('live')).code).toBe(1)
  })

  it('asks startup before ready, and neither again later', async () => {
    const { set, check } = container()
    set('ready', true)
    expect((await check('started', 'ready', 'live')).stdout).toContain('startup: ')
    set('started', true)
    expect((await check('started', 'ready', 'live')).code).toBe(0)
    set('started', false)
    set('ready', false)
    set('live', true)
    expect((await check('started', 'ready', 'live')).code).toBe(0)
  })

  it('remembers nothing after a failure', async () => {
    const { check, state } = container()
    await check('ready')
    expect(readdirSync(state)).toEqual([])
  })
})

describe('the startup budget', () => {
  it('is told while it lasts', async () => {
    expect((await container().check('ready', '--startup-within', '86400000')).stdout).toMatch(
      /; starting, budget 86400000 ms \(used \d+ ms\)\n$/,
    )
  })

  it('is told when it is used up, and ready is still asked', async () => {
    const { set, check } = container()
    const late = await check('ready', '--startup-within', '0')
    expect(late).toMatchObject({ code: 1 })
    expect(late.stdout).toContain('never ready, and the startup budget of 0 ms is used up')
    set('ready', true)
    expect((await check('ready', '--startup-within', '0')).code).toBe(0)
  })
})

describe('the memory', () => {
  it('makes a check unhealthy that cannot remember, and says what to do', async () => {
    const { set, check } = container()
    set('ready', true)
    const ended = await check('ready', '--state', '/no/such/folder')
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain(
      'cannot remember that it was ready: /no/such/folder: No such file or directory; name a writable',
    )
  })

  it('does not follow a link that stands in its place', async () => {
    const { set, check, state } = container()
    set('ready', true)
    await check('ready')
    const [name = ''] = readdirSync(state)
    rmSync(join(state, name))
    symlinkSync(join(state, 'elsewhere'), join(state, name))
    expect((await check('ready')).code).toBe(1)
    expect(readdirSync(state)).toEqual([name])
  })

  it('lets two first successes at once both be healthy', async () => {
    const { set, check } = container()
    set('ready', true)
    const both = await Promise.all([check('ready'), check('ready'), check('ready'), check('ready')])
    expect(both.map(({ code }) => code)).toEqual([0, 0, 0, 0])
  })

  it('goes by age with --state none: before the budget ends ready counts, after it live', async () => {
    const { set, check } = container()
    set('live', true)
    const stateless = (within: string): Promise<Ended> =>
      check('ready', 'live', '--state', 'none', '--startup-within', within)
    expect((await stateless('86400000')).code).toBe(1)
    expect((await stateless('0')).code).toBe(0)
    set('live', false)
    expect((await stateless('0')).code).toBe(1)
  })
})

const init = asInit()

describe.skipIf(init === undefined)('in a container', () => {
  const helper = join(import.meta.dirname, '../../images/start/dist/start-amd64')
  const inside = (state: string, script: string, wrap: readonly string[] = []): Promise<Ended> => {
    const check = `${helper} check ${state} --ready exec:1 /bin/true --timeout 5000 --live exec:1 /bin/false --timeout 5000`
    return finish(['run', '--', ...wrap, '/bin/sh', '-c', script.replaceAll('CHECK', check)], { prefix: init ?? [] })
  }
  const twice = 'CHECK; echo $?; CHECK; echo $?'
  const expected = 'ready\n0\nlive: /bin/false ended with 1\n1\n'

  it('begins anew when another container sees the same folder', async () => {
    const shared = folder()
    expect((await inside(`--state ${shared}`, twice)).stdout).toBe(expected)
    expect((await inside(`--state ${shared}`, twice)).stdout).toBe(expected)
    expect(readdirSync(shared)).toHaveLength(2)
  })

  it('works for any user, in a read-only root without /tmp, by the /dev/shm that every container has', async () => {
    // Copied before the other folders are covered: the checkout may lie in one of them.
    const mounts = `mount -t tmpfs -o mode=1777 shm /dev/shm; cp ${helper} /dev/shm/start; chmod 0555 /dev/shm/start
      for d in /run /tmp; do mount -t tmpfs -o ro none $d; done`
    const user = ['/usr/bin/setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups']
    // The checkout may be closed to other users; the committed bytes are put where they can be executed.
    const script = `${mounts}
      exec ${user.join(' ')} /bin/sh -c '${twice.replaceAll('CHECK', 'HERE')}'`.replaceAll(
      'HERE',
      '/dev/shm/start check --ready exec:1 /bin/true --timeout 5000 --live exec:1 /bin/false --timeout 5000',
    )
    const prefix = [...(init ?? []), '--mount']
    expect((await finish(['run', '--', '/bin/sh', '-c', script], { prefix })).stdout).toBe(expected)
  })

  it('waits its pace only once it was ready', async () => {
    const started = performance.now()
    const script = 'CHECK --pace 300 > /dev/null; echo $?; CHECK --pace 300 > /dev/null; echo $?'
    expect((await inside(`--state ${folder()}`, script)).stdout).toBe('0\n1\n')
    expect(performance.now() - started).toBeGreaterThanOrEqual(295)
  })
})
