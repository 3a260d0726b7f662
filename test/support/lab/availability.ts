/** Whether this machine can run the lab, and what is missing. */
import { readFile } from 'node:fs/promises'
import { run } from './command.ts'

export type Availability = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export async function engineAvailability(): Promise<Availability> {
  if (process.platform !== 'linux')
    return { ok: false, reason: `engines of the lab run on Linux, this is ${process.platform}` }
  if (process.getuid?.() !== 0)
    return { ok: false, reason: 'engines of the lab need root (network namespaces, mounts, cgroups)' }
  const missing: string[] = []
  for (const program of ['dockerd', 'ip', 'iptables', 'nsenter', 'unshare', 'pgrep'])
    if (!(await has(program))) missing.push(program)
  if (missing.length > 0)
    return { ok: false, reason: `missing programs: ${missing.join(', ')}; on Debian: apt-get install docker.io` }
  if (!(await mayUnshare()))
    return { ok: false, reason: 'this process may not make namespaces (CAP_SYS_ADMIN is missing)' }
  return { ok: true }
}

/** Installs Debian's engine where that is possible; answers what `engineAvailability` says then. */
export async function ensureDockerd(): Promise<Availability> {
  const before = await engineAvailability()
  if (before.ok || process.getuid?.() !== 0 || (await has('dockerd'))) return before
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID(_LIKE)?=.*debian/m.test(release) || !(await has('apt-get'))) return before
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  // A service that starts at once would take the host's network from the lab.
  const install = [
    '-y',
    '--no-install-recommends',
    '-o',
    'Dpkg::Use-Pty=0',
    'install',
    'docker.io',
    'iproute2',
    'iptables',
    'procps',
  ]
  await run('apt-get', ['update'], { timeoutMs: 180_000, env })
  await run('apt-get', install, { timeoutMs: 600_000, env: { ...env, RUNLEVEL: '1' } })
  return engineAvailability()
}

const has = async (program: string): Promise<boolean> =>
  (await run('sh', ['-c', `command -v ${program} || true`])).trim() !== ''

async function mayUnshare(): Promise<boolean> {
  try {
    await run('unshare', ['-m', '-p', '--fork', 'true'], { timeoutMs: 5000 })
    return true
  } catch {
    // The command's own text says no more than the reason given by the caller.
    return false
  }
}
