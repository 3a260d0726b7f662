/**
 * A cached three-service app from command to all tasks answering, and 1 → 50 replicas, against
 * `docker stack deploy` and `docker service scale` on the same engine: the platform up, images local, no gates,
 * both by round robin and host ports.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startPlatform } from '../bin/up.ts'
import { createClient } from '../lib/client/client.ts'
import { engineAvailability } from '../test/support/lab/availability.ts'
import { loadImages, type RunningEngine, startEngine } from '../test/support/lab/start.ts'
import { type Bench, median, type Measure, ms } from './measure.ts'

const run = promisify(execFile)
const docker = '/usr/bin/docker'
const image = 'escale.local/busybox:1'
const httpd = `mkdir -p /tmp/w; echo ok > /tmp/w/index.html; trap "exit 0" TERM; httpd -p 80 -h /tmp/w; while :; do sleep 0.1; done`
const ports = [19081, 19082, 19083]

const manifest = [
  'apiVersion: escale/v1',
  'kind: App',
  'metadata: {name: three}',
  'services:',
  ...ports.map(
    (port, n) =>
      `  s${n}: {image: "${image}", command: [sh, -c, ${JSON.stringify(httpd)}], ports: {http: 80}, publish: {http: ${port}}, stop: {grace: 1s}, update: {rolling: {settle: 0s}}}`,
  ),
  '',
].join('\n')

const stack = [
  'version: "3.8"',
  'services:',
  ...ports.map(
    (port, n) =>
      `  s${n}:\n    image: ${image}\n    command: ["sh", "-c", ${JSON.stringify(httpd.replaceAll('$', '$$'))}]\n    stop_grace_period: 1s\n    ports: [{target: 80, published: ${port}, mode: host}]\n    deploy: {endpoint_mode: dnsrr}`,
  ),
  '',
].join('\n')

async function answering(address: string, port: number): Promise<void> {
  for (;;) {
    try {
      const answer = await fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(500) })
      await answer.text()
      if (answer.ok) return
    } catch {
      // Not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

async function until(holds: () => Promise<boolean>, everyMs: number): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, everyMs))
}

export const dockerBench: Bench = {
  name: 'docker',
  unavailable: async () => {
    const found = await engineAvailability()
    return found.ok ? undefined : found.reason
  },
  async run(): Promise<readonly Measure[]> {
    const engine = await startEngine({ name: 'bench', swarm: true })
    const folder = await mkdtemp(join(tmpdir(), 'escale-bench-'))
    try {
      await loadImages(engine, ['busybox', 'haproxy'])
      return [...(await deployments(engine, folder)), ...(await scaling(engine, folder))]
    } finally {
      await engine.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function deployments(engine: RunningEngine, folder: string): Promise<readonly Measure[]> {
  const env = { ...process.env, DOCKER_HOST: `unix://${engine.socketPath}` }
  await writeFile(join(folder, 'stack.yml'), stack)
  const call = (...words: string[]): Promise<unknown> => run(docker, words, { env, timeout: 120_000 })
  const noTasks = async (): Promise<boolean> =>
    (await run(docker, ['ps', '-q', '--filter', 'name=s0|s1|s2'], { env })).stdout.trim() === ''
  const all = (): Promise<unknown> => Promise.all(ports.map((port) => answering(engine.address, port)))

  const theirs: number[] = []
  for (let n = 0; n < 5; n++) {
    theirs.push(
      await timed(async () => {
        await call('stack', 'deploy', '--resolve-image', 'never', '-c', join(folder, 'stack.yml'), 'three')
        await all()
      }),
    )
    await call('stack', 'rm', 'three')
    await until(noTasks, 200)
    await until(async () => !(await run(docker, ['network', 'ls'], { env })).stdout.includes('three_default'), 200)
  }

  const { platform, client } = await platformOn(engine, join(folder, 'three'))
  const ours: number[] = []
  try {
    const at = { project: 'default', app: 'three' }
    for (let n = 0; n < 5; n++) {
      ours.push(
        await timed(async () => {
          await client.call('deploy', { params: at, body: { manifest, params: {}, files: {} } })
          await all()
        }),
      )
      const removal = await client.call('removeApp', { params: at })
      for await (const seen of client.followDeployment(at, removal.id)) void seen
      await until(noTasks, 200)
    }
  } finally {
    await platform.close()
  }
  return [
    {
      measure: 'cached 3-service app, command to all answering (median of 5)',
      ours: ms(median(ours)),
      peer: `${ms(median(theirs))} (docker stack deploy)`,
      ratio: median(ours) / median(theirs),
      goal: 1.1,
    },
  ]
}

const scaled = (replicas: number): string =>
  [
    'apiVersion: escale/v1',
    'kind: App',
    'metadata: {name: many}',
    `services: {web: {image: "${image}", command: [sleep, "1000000"], scale: ${replicas}, stop: {grace: 1s}, update: {rolling: {settle: 0s}}}}`,
    '',
  ].join('\n')

async function scaling(engine: RunningEngine, folder: string): Promise<readonly Measure[]> {
  const env = { ...process.env, DOCKER_HOST: `unix://${engine.socketPath}` }
  const running = async (): Promise<number> =>
    (await run(docker, ['ps', '-q', '--filter', 'status=running', '--filter', `ancestor=${image}`], { env })).stdout
      .split('\n')
      .filter(Boolean).length
  const call = (...words: string[]): Promise<unknown> => run(docker, words, { env, timeout: 180_000 })

  // On an overlay network, as a stack's services and ours are.
  await call('network', 'create', '--driver', 'overlay', 'peer')
  await call(
    'service',
    'create',
    '--detach',
    '--no-resolve-image',
    '--name',
    'peer',
    '--network',
    'peer',
    '--endpoint-mode',
    'dnsrr',
    '--stop-grace-period',
    '1s',
    image,
    'sleep',
    '1000000',
  )
  await until(async () => (await running()) === 1, 100)
  const theirs = await timed(async () => {
    await call('service', 'scale', '--detach', 'peer=50')
    await until(async () => (await running()) === 50, 100)
  })
  await call('service', 'rm', 'peer')
  await until(async () => (await running()) === 0, 200)

  const { platform, client } = await platformOn(engine, join(folder, 'many'))
  try {
    const at = { project: 'default', app: 'many' }
    await client.call('deploy', { params: at, body: { manifest: scaled(1), params: {}, files: {} } })
    await until(async () => (await running()) === 1, 100)
    const ours = await timed(async () => {
      await client.call('scale', { params: at, body: { services: { web: 50 } } })
      await until(async () => (await running()) === 50, 100)
    })
    return [
      {
        measure: '1 → 50 replicas, command to all running',
        ours: ms(ours),
        peer: `${ms(theirs)} (docker service scale)`,
        ratio: ours / theirs,
        goal: 1.1,
      },
    ]
  } finally {
    await platform.close()
  }
}

async function platformOn(engine: RunningEngine, dataDir: string) {
  const platform = await startPlatform({
    env: process.env,
    engine: `unix://${engine.socketPath}`,
    memory: false,
    port: 0,
    dataDir,
    logLevel: 'error',
    httpPorts: [18090, 18091],
  })
  const client = createClient({ url: platform.server.url, token: platform.ownerToken! })
  return { platform, client }
}
