/** What commands of package managers do. */
import { programOf } from './shell.ts'
import type { Command } from './shell.ts'

export type Family = 'apt' | 'apk' | 'rpm' | 'zypper'

export interface PackageCall {
  readonly family: Family
  readonly action: 'update' | 'install' | 'clean' | 'other'
  readonly packages: readonly string[]
  readonly flags: readonly string[]
}

const managers: Readonly<Record<string, Family>> = {
  'apt-get': 'apt',
  apt: 'apt',
  aptitude: 'apt',
  apk: 'apk',
  yum: 'rpm',
  dnf: 'rpm',
  microdnf: 'rpm',
  zypper: 'zypper',
}

const actions: Readonly<Record<string, PackageCall['action']>> = {
  update: 'update',
  refresh: 'update',
  makecache: 'update',
  install: 'install',
  add: 'install',
  in: 'install',
  groupinstall: 'install',
  clean: 'clean',
}

/** Flags that take the next word with them. */
const withArgument = new Set(['-o', '-t', '--virtual', '-t', '--repository', '-X', '-c', '--root', '-p'])

export function packageCall(command: Command): PackageCall | undefined {
  const family = managers[programOf(command)]
  if (family === undefined) return undefined
  const flags: string[] = []
  const plain: string[] = []
  const words = command.words.slice(1)
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (!word.startsWith('-')) {
      plain.push(word)
      continue
    }
    flags.push(word)
    if (withArgument.has(word)) at += 1
  }
  const [verb = '', ...packages] = plain
  return { family, action: actions[verb] ?? 'other', packages, flags }
}

/** Name without version or architecture. */
export const packageName = (text: string): string => text.replace(/[=<>~:@].*$/, '')

/** Where each family keeps what it fetched. */
export const cacheFolders: Readonly<Record<Family, readonly string[]>> = {
  apt: ['/var/lib/apt', '/var/cache/apt'],
  apk: ['/var/cache/apk', '/etc/apk/cache'],
  rpm: ['/var/cache/yum', '/var/cache/dnf', '/var/cache/libdnf5', '/var/cache'],
  zypper: ['/var/cache/zypp', '/var/cache'],
}

/** How the cache is cleared, as people write it. */
export const cleanUp: Readonly<Record<Family, string>> = {
  apt: 'end the RUN line with `&& rm -rf /var/lib/apt/lists/*`',
  apk: 'use `apk add --no-cache`',
  rpm: 'end the RUN line with `&& yum clean all` (or `dnf clean all`)',
  zypper: 'end the RUN line with `&& zypper clean --all`',
}

/** Names people type that no package has, with the one that holds the program. */
export const misnamed: Readonly<Record<Family, Readonly<Record<string, string>>>> = {
  apt: {
    ping: 'iputils-ping',
    ifconfig: 'net-tools',
    netstat: 'net-tools',
    dig: 'dnsutils',
    nslookup: 'dnsutils',
    ps: 'procps',
    top: 'procps',
    ip: 'iproute2',
    killall: 'psmisc',
    psql: 'postgresql-client',
    'redis-cli': 'redis-tools',
    'mysql-cli': 'default-mysql-client',
    pip: 'python3-pip',
    pip3: 'python3-pip',
    'add-apt-repository': 'software-properties-common',
    javac: 'default-jdk',
    java: 'default-jre',
    'build-base': 'build-essential',
    'alpine-sdk': 'build-essential',
  },
  apk: {
    ping: 'iputils',
    dig: 'bind-tools',
    nslookup: 'bind-tools',
    dnsutils: 'bind-tools',
    'build-essential': 'build-base',
    'iputils-ping': 'iputils',
    ssh: 'openssh-client',
    pip: 'py3-pip',
    'python3-pip': 'py3-pip',
    psql: 'postgresql-client',
    ps: 'procps',
    ip: 'iproute2',
  },
  rpm: {
    ping: 'iputils',
    'iputils-ping': 'iputils',
    ifconfig: 'net-tools',
    netstat: 'net-tools',
    dig: 'bind-utils',
    nslookup: 'bind-utils',
    dnsutils: 'bind-utils',
    ps: 'procps-ng',
    ip: 'iproute',
    'build-essential': '@development-tools',
    killall: 'psmisc',
  },
  zypper: { ping: 'iputils', dig: 'bind-utils', nslookup: 'bind-utils' },
}

export const buildTools: ReadonlySet<string> = new Set([
  'alpine-sdk',
  'build-base',
  'build-essential',
  'gcc',
  'g++',
  'gcc-c++',
  'clang',
  'make',
  'cmake',
  'golang',
  'go',
  'rust',
  'cargo',
  'maven',
  'gradle',
  'default-jdk',
])

export const compilers: ReadonlySet<string> = new Set([
  'gcc',
  'g++',
  'cc',
  'c++',
  'clang',
  'make',
  'cmake',
  'go',
  'cargo',
  'mvn',
  'gradle',
  'javac',
  'rustc',
])

export const needless: ReadonlySet<string> = new Set([
  'vim',
  'nano',
  'emacs',
  'emacs-nox',
  'man-db',
  'telnet',
  'openssh-server',
])
