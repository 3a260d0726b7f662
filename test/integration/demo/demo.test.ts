import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { inventory, programPath, runDemo } from './run-demo.ts'

const demoFolders = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('escale-demo-'))

/** Command lines of processes that have to do with a demo. */
const demoProcesses = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
      } catch {
        // It ended while we looked.
        return []
      }
    })
    .filter((line) => line.includes('escale-demo-'))

describeWithEngine('the demo', { images: ['node', 'redis', 'nginx', 'haproxy'] }, (tools) => {
  const onEngine = (args: readonly string[]) => ({
    args: [...args, '--address', tools().address],
    env: { ESCALE_ENGINE: `unix://${tools().socketPath}` },
  })

  test('shows the counter of DockerCoins growing, ends by itself, and leaves nothing behind', async () => {
    const before = await inventory(tools().engine)
    const folders = demoFolders()
    const demo = runDemo(onEngine([]))
    expect(await demo.ended, demo.text()).toBe(0)
    expect(demo.text()).toMatch(/http:\/\/webui-dockercoins-default\.localhost:\d+\//)
    const counts = [...demo.text().matchAll(/^ +(\d+) hashes /gm)].map(([, hashes]) => Number(hashes))
    expect(counts.length).toBeGreaterThanOrEqual(5)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(counts.at(-1)).toBeGreaterThan(counts[0] ?? Infinity)
    expect(await inventory(tools().engine)).toEqual(before)
    expect(demoFolders()).toEqual(folders)
    expect(demoProcesses()).toEqual([])
  })

  test('that is told to end in the middle of a deployment takes away what there is', async () => {
    const before = await inventory(tools().engine)
    const demo = runDemo(onEngine([]))
    await demo.said('create service')
    demo.kill('SIGINT')
    expect(await demo.ended, demo.text()).toBe(130)
    expect(demo.text()).toContain('Everything the demo started has been taken away.')
    expect(await inventory(tools().engine)).toEqual(before)
  })

  test('shows hello by the name its manifest uses, which the engine has no longer than that', async () => {
    const before = await inventory(tools().engine)
    const demo = runDemo(onEngine(['--example', 'hello']))
    expect(await demo.ended, demo.text()).toBe(0)
    expect(demo.text()).toMatch(/^It answers: Welcome to nginx/m)
    expect(await inventory(tools().engine)).toEqual(before)
  })

  test('brings up an engine where there is none, and ends it with all it made', async () => {
    const demo = runDemo({ args: ['--no-install', '--example', 'hello'], isolated: true })
    expect(await demo.ended, demo.text()).toBe(0)
    expect(demo.text()).toContain('Start an engine for the demo')
    expect(demo.text()).toContain('It answers: Welcome to nginx')
    // All links of the network it ran in.
    expect([...demo.text().matchAll(/^\d+: (\S+?)[@:]/gm)].map(([, link]) => link)).toEqual(['lo'])
    expect(demoProcesses()).toEqual([])
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain('escale-demo-')
  })

  test('installs nothing where that is forbidden, and says what to install', async () => {
    // A machine without an engine: nothing but what leads to the demo can be found.
    const programs = temporaryFolder()
    for (const name of ['sh', 'unshare', 'mount', 'ip']) symlinkSync(await programPath(name), join(programs, name))
    const demo = runDemo({ args: ['--no-install', '--example', 'hello'], isolated: true, env: { PATH: programs } })
    expect(await demo.ended, demo.text()).toBe(5)
    expect(demo.text()).toContain('dockerd and iptables not installed, and --no-install forbids it')
    expect(demo.text()).toContain('→ apt-get install docker.io')
  })
})

test('the demo says what is missing where no engine answers, and shows the rest on a simulated cluster', async () => {
  const demo = runDemo({ args: [], env: { DOCKER_HOST: 'unix:///tmp/there-is-no-engine.sock' } })
  expect(await demo.ended, demo.text()).toBe(5)
  expect(demo.text()).toContain('No engine: the engine at unix:///tmp/there-is-no-engine.sock does not answer')
  expect(demo.text()).toMatch(/^Plan for dockercoins/m)
  expect(demo.text()).toContain('deployment.succeeded')
  expect(demo.text()).toContain('A second plan: empty')
})

test('the demo on a simulated cluster is a success where it was asked for', async () => {
  const demo = runDemo({ args: ['--memory', '--example', 'pets'] })
  expect(await demo.ended, demo.text()).toBe(0)
})
