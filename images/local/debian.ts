/** Files of Debian packages, without installing them: no maintainer scripts, no root, nothing changed on this machine. */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

export interface PackageTree {
  /** The folder that holds the unpacked files. */
  readonly root: string
  /** `name version` of what was unpacked, sorted. */
  readonly packages: readonly string[]
}

/** Packages that only maintainer scripts, perl or a login need; none of their files ends in an image. */
const scaffolding =
  /^(perl.*|libperl.*|lib.*-perl|debconf|adduser|passwd|dpkg|tar|usrmerge|init-system-helpers|sysvinit-utils|lsb-base|locales|libc-l10n|libc-bin|postgresql-common.*|postgresql-client-common|ssl-cert|ucf|sensible-utils|netbase|libsemanage.*|libsepol.*|libdb.*|libgdbm.*|libpam-modules.*|readline-common|libllvm.*|libz3-.*|gcc-\d+-base)$/

/** The Debian-like system this is, as `debian 12`; undefined elsewhere. */
export async function debianRelease(): Promise<string | undefined> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
  const isDebian = field('ID') === 'debian' || field('ID_LIKE').split(' ').includes('debian')
  return isDebian ? `${field('ID')} ${field('VERSION_ID')}` : undefined
}

export async function unpackPackages(
  wanted: readonly string[],
  folder: string,
  signal: AbortSignal | undefined,
): Promise<PackageTree> {
  const names = (await closure(wanted, signal)).filter((name) => wanted.includes(name) || !scaffolding.test(name))
  const debs = join(folder, 'debs')
  const root = join(folder, 'root')
  await mkdir(debs, { recursive: true })
  await run('apt-get', ['download', ...names], { timeoutMs: 300_000, cwd: debs, signal })
  await mkdir(root, { recursive: true })
  for (const [from, to] of [
    ['bin', 'usr/bin'],
    ['sbin', 'usr/sbin'],
    ['lib', 'usr/lib'],
    ['lib64', 'usr/lib64'],
  ] as const) {
    await mkdir(join(root, to), { recursive: true })
    await run('ln', ['-sfn', to, join(root, from)], { timeoutMs: 5000, signal })
  }
  const files = (await readdir(debs)).sort()
  // dpkg -x would replace the links of the merged folders by real ones.
  const script = 'dpkg-deb --fsys-tarfile "$1" | tar -C "$2" --keep-directory-symlink --no-same-owner -xf -'
  for (const file of files)
    await run('sh', ['-c', script, 'unpack', join(debs, file), root], { timeoutMs: 120_000, signal })
  return { root, packages: files.map(packageVersion) }
}

/** All packages the wanted ones need on an empty system, so that the result does not depend on this one. */
async function closure(wanted: readonly string[], signal: AbortSignal | undefined): Promise<string[]> {
  const args = ['-s', '-o', 'Dir::State::status=/dev/null', '-o', 'APT::Install-Recommends=0', 'install', ...wanted]
  const text = await run('apt-get', args, { timeoutMs: 60_000, signal })
  return [...text.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '').sort()
}

/** `redis-server_5%3a7.0.15-1_amd64.deb` → `redis-server 5:7.0.15-1`. */
function packageVersion(file: string): string {
  const [name = file, version = ''] = file.split('_')
  return `${name} ${decodeURIComponent(version)}`
}
