/** What `escale doctor` finds on this machine: each thing looked at is a small function of its own. */
import { access, constants, readFile, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Finding } from '../lib/cli/doctor/finding.ts'
import { EscaleError } from '../lib/core/errors.ts'
import { formatBytes } from '../lib/cli/output/units.ts'
import { detectIpvs } from '../lib/targets/docker/capabilities.ts'
import { endpointFromEnv, parseEndpoint } from '../lib/targets/docker/engine/endpoint.ts'
import type { Endpoint } from '../lib/targets/docker/engine/endpoint.ts'
import { connectEngine } from '../lib/targets/docker/engine/engine.ts'
import type { Engine } from '../lib/targets/docker/engine/engine.ts'
import type { EngineInfo } from '../lib/targets/docker/engine/types/system.ts'
import { dataDir } from './places.ts'

export interface DiagnoseRequest {
  readonly engine?: string
  readonly port: number
}

const oldestNode = { major: 22, minor: 18 }
const engineTimeoutMs = 5_000
/** Less than this and pulling images soon fails. */
const lowDiskBytes = 5_000_000_000
const goodDrivers = new Set(['overlay2', 'overlayfs', 'btrfs', 'zfs', 'fuse-overlayfs'])

const ok = (subject: string, finding: string): Finding => ({ subject, state: 'ok', finding })

export async function diagnose(request: DiagnoseRequest, env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  return [
    nodeFinding(process.versions.node),
    ...(await engineFindings(request, env)),
    ...(await Promise.all([apiPort(request.port), ...[80, 443].map(ingressPort)])),
    await disk('disk of escale', await nearestFolder(dataDir(env))),
  ]
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor)
  if (!isOld) return ok('node', `Node.js ${version}`)
  return {
    subject: 'node',
    state: 'error',
    code: 'node-old',
    finding: `Node.js ${version} is too old; ${String(oldestNode.major)}.${String(oldestNode.minor)} or newer is needed`,
    fix: 'install the current LTS version from https://nodejs.org',
  }
}

async function engineFindings(request: DiagnoseRequest, env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const subject = 'engine'
  let endpoint: Endpoint
  try {
    endpoint = await engineEndpoint(request.engine ?? env['ESCALE_ENGINE'], env)
  } catch (error) {
    if (!(error instanceof EscaleError)) throw error
    return [
      {
        subject,
        state: 'error',
        code: error.code,
        finding: error.message,
        fix: 'correct ESCALE_ENGINE, DOCKER_HOST or --engine',
      },
    ]
  }
  const socket = await socketFinding(endpoint)
  if (socket !== undefined) return [socket]
  let engine: Engine | undefined
  try {
    engine = await connectEngine(endpoint, { timeoutMs: engineTimeoutMs })
    const info = await engine.system.info({ timeoutMs: engineTimeoutMs })
    return await infoFindings(endpoint, info)
  } catch (error) {
    if (!(error instanceof EscaleError)) throw error
    const isOld = /or newer/.test(error.message)
    return [
      {
        subject,
        state: 'error',
        code: isOld ? 'engine-old' : 'engine-missing',
        finding: error.message,
        fix: isOld
          ? 'upgrade Docker Engine to 20.10 or newer'
          : 'start it (`sudo systemctl start docker`), or name another with --engine',
      },
    ]
  } finally {
    engine?.close()
  }
}

/** As named; else as the docker client finds it; else the sockets that engines without root use. */
export async function engineEndpoint(named: string | undefined, env: NodeJS.ProcessEnv): Promise<Endpoint> {
  if (named !== undefined && named !== '') return parseEndpoint(named)
  const usual = endpointFromEnv(env, process.platform)
  if ((env['DOCKER_HOST'] ?? '') !== '' || usual.kind !== 'socket' || (await exists(usual.socketPath))) return usual
  const runtime = env['XDG_RUNTIME_DIR']
  const others = [
    ...(runtime === undefined ? [] : [join(runtime, 'docker.sock')]),
    join(homedir(), '.docker', 'run', 'docker.sock'),
  ]
  for (const path of others) if (await exists(path)) return parseEndpoint(path)
  return usual
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined

async function socketFinding(endpoint: Endpoint): Promise<Finding | undefined> {
  if (endpoint.kind !== 'socket' || process.platform === 'win32') return undefined
  const path = endpoint.socketPath
  if (!(await exists(path))) {
    return {
      subject: 'engine',
      state: 'error',
      code: 'engine-missing',
      finding: `there is no container engine at ${path}`,
      fix: 'install Docker Engine 20.10 or newer (https://docs.docker.com/engine/install), or try the product without: escale up --memory',
    }
  }
  const allowed = await access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
  if (allowed) return undefined
  return {
    subject: 'engine',
    state: 'error',
    code: 'engine-permission',
    finding: `this user may not use the socket ${path}`,
    fix: 'join the group of the socket (`sudo usermod -aG docker $USER`, then log in again)',
  }
}

async function infoFindings(endpoint: Endpoint, info: EngineInfo): Promise<readonly Finding[]> {
  const findings: Finding[] = [
    ok('engine', `${info.ServerVersion} at ${endpoint.text}, ${info.OSType}/${info.Architecture}`),
    swarmFinding(info),
  ]
  if (endpoint.kind === 'socket') {
    const hasIpvs = await detectIpvs((path) => readFile(path).catch(() => undefined), info.KernelVersion)
    findings.push(
      hasIpvs
        ? ok('ipvs', 'the kernel balances stable addresses')
        : {
            subject: 'ipvs',
            state: 'warning',
            code: 'ipvs-missing',
            finding:
              'this kernel has no IPVS: names answer with the addresses of instances, which a client that resolves once keeps too long',
            fix: 'load the module where there is one: sudo modprobe ip_vs',
          },
    )
  }
  findings.push(
    info.CgroupVersion === '2'
      ? ok('cgroup', 'version 2')
      : {
          subject: 'cgroup',
          state: 'warning',
          code: 'cgroup-old',
          finding: `the engine uses cgroup version ${info.CgroupVersion ?? '1'}`,
          fix: 'boot with systemd.unified_cgroup_hierarchy=1, or use a newer distribution',
        },
    goodDrivers.has(info.Driver)
      ? ok('storage', info.Driver)
      : {
          subject: 'storage',
          state: 'warning',
          code: 'storage-driver',
          finding: `the engine keeps images with the storage driver ${info.Driver}, which copies whole files`,
          fix: 'set "storage-driver": "overlay2" in /etc/docker/daemon.json (images have to be pulled again)',
        },
  )
  if (endpoint.kind === 'socket' && (await exists(info.DockerRootDir)))
    findings.push(await disk('disk of engine', info.DockerRootDir))
  return findings
}

export function swarmFinding(info: Pick<EngineInfo, 'Swarm'>): Finding {
  const { LocalNodeState: state, ControlAvailable, Error: why } = info.Swarm
  if (state === 'active' && ControlAvailable)
    return ok('swarm', `a manager of a swarm of ${String(info.Swarm.Nodes ?? 1)}`)
  if (state === 'active') {
    return {
      subject: 'swarm',
      state: 'error',
      code: 'swarm-worker',
      finding: 'the engine is a worker of a swarm',
      fix: 'use the engine of a manager: --engine, or DOCKER_HOST',
    }
  }
  if (state === 'inactive' || state === '')
    return {
      subject: 'swarm',
      state: 'ok',
      code: 'swarm-inactive',
      finding: 'not in a swarm yet; `escale up` turns swarm mode on',
    }
  return {
    subject: 'swarm',
    state: 'error',
    code: 'engine-refused',
    finding: `swarm mode is ${state}${why === '' ? '' : `: ${why}`}`,
    fix:
      state === 'locked'
        ? 'unlock it: docker swarm unlock'
        : 'look at `docker info`; as a last resort: docker swarm leave --force',
  }
}

type PortState = 'free' | 'taken' | 'forbidden'

function portState(port: number): Promise<PortState> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken')
      else if (error.code === 'EACCES') resolve('forbidden')
      else reject(error)
    })
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve('free')))
  })
}

async function apiPort(port: number): Promise<Finding> {
  const subject = `port ${String(port)}`
  switch (await portState(port)) {
    case 'free':
      return ok(subject, 'free for the API')
    case 'taken': {
      if (await escaleAnswers(port)) return ok(subject, 'an Escale server answers there already')
      return {
        subject,
        state: 'warning',
        code: 'port-taken',
        finding: 'another process listens where the API would',
        fix: 'end it, or use another: escale up --port 7441',
      }
    }
    case 'forbidden':
      return {
        subject,
        state: 'warning',
        code: 'port-taken',
        finding: 'this user may not listen there',
        fix: 'use a port above 1023: escale up --port 7440',
      }
  }
}

async function ingressPort(port: number): Promise<Finding> {
  const subject = `port ${String(port)}`
  const other = port === 80 ? '8080' : '8443'
  // The engine publishes it, as root: that this user may not listen there says nothing.
  if ((await portState(port)) !== 'taken') return ok(subject, 'free for the ingress')
  return {
    subject,
    state: 'warning',
    code: 'port-taken',
    finding: `taken, perhaps by the ingress itself; otherwise the ingress uses ${other}`,
    fix: `end what listens there, or choose: escale up --http-port ${other}`,
  }
}

const escaleAnswers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${String(port)}/healthz`, { signal: AbortSignal.timeout(1_000) }).then(
    async (response) => response.ok && (await response.text()).includes('"ok"'),
    () => false,
  )

async function nearestFolder(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : await nearestFolder(dirname(path))
}

async function disk(subject: string, folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= lowDiskBytes) return ok(subject, `${formatBytes(free)} free at ${folder}`)
  return {
    subject,
    state: 'warning',
    code: 'disk-low',
    finding: `only ${formatBytes(free)} free at ${folder}`,
    fix: 'remove what nobody uses: escale prune',
  }
}
