import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { engineAvailability } from '../../support/lab/availability.ts'
import { run } from '../../support/lab/command.ts'
import { labRoot } from '../../support/lab/places.ts'
import { exists } from '../../support/lab/slots.ts'
import { loadImages, startCluster, startEngine, withEngine } from '../../support/lab/start.ts'
import { eventually, runningTask, sleeper } from './support.ts'

const possible = await engineAvailability()
const suite = possible.ok || process.env['CI'] !== undefined ? describe : describe.skip

/** What a lab of this slot has left on the machine. */
async function traces(slot: string): Promise<string[]> {
  const links = await run('ip', ['-o', 'link'])
  const namespaces = await run('ip', ['netns', 'list'])
  const mounts = await readFile('/proc/mounts', 'utf8')
  const cgroups = await run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', `escale-${slot}-*`])
  return [
    ...links.split('\n').filter((line) => line.includes(` escale${slot}@`)),
    ...namespaces.split('\n').filter((line) => line.startsWith(`escale-${slot}-`)),
    ...mounts.split('\n').filter((line) => line.includes(`escale-${slot}-`)),
    ...cgroups.split('\n').filter((line) => line !== ''),
  ]
}

suite('the lab', () => {
  it('leaves nothing behind, although containers run', async () => {
    const engine = await startEngine({ name: `lab-${process.pid}`, swarm: true })
    const folder = dirname(dirname(engine.socketPath))
    const slot = await readFile(join(folder, 'slot'), 'utf8')
    await loadImages(engine, ['busybox'])
    await withEngine(engine, async (client) => {
      await client.services.create(sleeper('left'))
      await runningTask(client, 'left')
    })
    expect(await traces(slot)).not.toEqual([])
    await engine.stop()
    expect(await traces(slot)).toEqual([])
    expect(await exists(folder)).toBe(false)
    expect(await exists(join(labRoot(), '.slots', slot))).toBe(false)
  }, 60_000)

  it('ends with the process that started it, even when that is killed', async () => {
    const name = `orphan-${process.pid}`
    const start = fileURLToPath(new URL('../../support/lab/start.ts', import.meta.url))
    const script = `const { startEngine } = await import(${JSON.stringify(start)}); await startEngine({ name: '${name}' }); console.log('up'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const slot = await readFile(join(labRoot(), name, 'slot'), 'utf8')
    expect(await traces(slot)).not.toEqual([])
    child.kill('SIGKILL')
    await eventually(async () => ((await exists(join(labRoot(), name))) ? undefined : true), 'the end of the lab')
    expect(await traces(slot)).toEqual([])
  }, 60_000)

  it('refuses a second lab of the same name and gives its slot back', async () => {
    const engine = await startEngine({ name: `twice-${process.pid}` })
    try {
      const slots = await readdir(join(labRoot(), '.slots'))
      await expect(startEngine({ name: `twice-${process.pid}` })).rejects.toThrow(/there already/)
      expect((await readdir(join(labRoot(), '.slots'))).length).toBeLessThanOrEqual(slots.length)
    } finally {
      await engine.stop()
    }
  }, 60_000)

  it('makes several engines one swarm, cuts cables, switches nodes off and on, and adds nodes', async () => {
    const cluster = await startCluster({ name: `cluster-${process.pid}`, nodes: 2, heartbeatMs: 1000 })
    try {
      const [manager, worker] = cluster.nodes
      if (manager === undefined || worker === undefined) throw new Error('the cluster lacks nodes')
      await withEngine(manager, async (engine) => {
        const stateOf = async (hostname: string): Promise<string | undefined> =>
          (await engine.nodes.list()).find((node) => node.Description.Hostname === hostname)?.Status.State
        const becomes = (hostname: string, state: string): Promise<true> =>
          eventually(
            async () => ((await stateOf(hostname)) === state ? (true as const) : undefined),
            `${hostname} to be ${state}`,
            40_000,
          )
        await becomes('n2', 'ready')
        await worker.cutCable()
        await becomes('n2', 'down')
        await worker.plugCable()
        await becomes('n2', 'ready')
        await worker.powerOff()
        await becomes('n2', 'down')
        await worker.powerOn()
        await becomes('n2', 'ready')
        const added = await cluster.addNode()
        await becomes(added.hostname, 'ready')
      })
    } finally {
      await cluster.stop()
    }
  }, 180_000)

  it('carries service names and traffic from node to node', async () => {
    const cluster = await startCluster({ name: `names-${process.pid}`, nodes: 2 })
    try {
      for (const node of cluster.nodes) await loadImages(node, ['busybox'])
      const [manager] = cluster.nodes
      if (manager === undefined) throw new Error('the cluster lacks nodes')
      await withEngine(manager, async (engine) => {
        const { Id } = await engine.networks.create({ Name: 'app', Driver: 'overlay', Attachable: true })
        const on = (hostname: string): { Placement: { Constraints: string[] }; Networks: { Target: string }[] } => ({
          Placement: { Constraints: [`node.hostname==${hostname}`] },
          Networks: [{ Target: Id }],
        })
        await engine.services.create(
          sleeper('web', 'mkdir /w; echo from-n2 > /w/index.html; httpd -f -p 80 -h /w', {}, on('n2')),
        )
        await runningTask(engine, 'web')
        await engine.services.create(
          sleeper('client', 'until wget -qO- http://web/; do sleep 0.2; done; sleep 1000', {}, on('n1')),
        )
        await runningTask(engine, 'client')
        await eventually(async () => {
          let text = ''
          for await (const frame of engine.services.logs('client'))
            if (frame.stream === 'stdout') text += frame.data.toString()
          return text === 'from-n2\n' ? true : undefined
        }, 'the answer from the other node')
      })
    } finally {
      await cluster.stop()
    }
  }, 120_000)
})
