/**
 * The one command that builds the start helper: `node images/start/build.ts`, or with `--check` compares what it builds
 * with the committed binaries and digests byte for byte. The compiler is pinned (toolchain.txt) and kept in a cache
 * folder outside the checkout.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname
const distFolder = join(here, 'dist')
const digestsFile = 'SHA256SUMS'
/** More than any build takes; a hung download or compiler must not hang CI. */
const commandTimeoutMs = 10 * 60_000
const sizeLimitBytes = 200_000

const architectures = [
  { name: 'start-amd64', target: 'x86_64-linux-musl' },
  { name: 'start-arm64', target: 'aarch64-linux-musl' },
] as const

/** Everything that could differ between machines is said: language, processor, no build id, no debug information, no paths. */
const flags = [
  '-std=c11',
  '-D_GNU_SOURCE',
  '-mcpu=baseline',
  '-static',
  '-Os',
  '-s',
  '-g0',
  '-fno-ident',
  '-Wl,--build-id=none',
  '-ffunction-sections',
  '-fdata-sections',
  '-Wl,--gc-sections',
  '-fstack-protector-strong',
  '-Wall',
  '-Wextra',
  '-Wshadow',
  '-Wconversion',
  '-Werror',
]

type Built = Readonly<Record<string, Buffer>>

const cacheFolder = (): string =>
  process.env['ESCALE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'escale')

const execute = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): void => {
  execFileSync(command, args, { cwd: here, env, stdio: ['ignore', 'inherit', 'inherit'], timeout: commandTimeoutMs })
}

/** Python of a virtual environment that holds the pinned compiler, named by the pin; made once. */
function compilerPython(cache: string): string {
  const pin = createHash('sha256')
    .update(readFileSync(join(here, 'toolchain.txt')))
    .digest('hex')
  const folder = join(cache, `start-toolchain-${pin.slice(0, 16)}`)
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    const making = mkdtempSync(`${folder}-`)
    execute('python3', ['-m', 'venv', making])
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '-r', 'toolchain.txt']
    execute(join(making, 'bin', 'python'), pip)
    // Another build may have been faster; its folder is as good.
    if (existsSync(folder)) rmSync(making, { recursive: true })
    else renameSync(making, folder)
  }
  return join(folder, 'bin', 'python')
}

function build(cache: string): Built {
  const python = compilerPython(cache)
  const sources = readdirSync(join(here, 'src')).filter((name) => name.endsWith('.c'))
  const files = sources.toSorted().map((name) => `src/${name}`)
  const out = mkdtempSync(join(cache, 'start-build-'))
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: join(cache, 'zig'), ZIG_LOCAL_CACHE_DIR: join(out, 'local') }
  try {
    const built: Record<string, Buffer> = {}
    for (const { name, target } of architectures) {
      execute(python, ['-m', 'ziglang', 'cc', '-target', target, ...flags, ...files, '-o', join(out, name)], env)
      built[name] = readFileSync(join(out, name))
    }
    return built
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const digestsText = (built: Built): string =>
  Object.entries(built)
    .map(([name, bytes]) => `${digest(bytes)}  ${name}\n`)
    .join('')

function write(built: Built): void {
  mkdirSync(distFolder, { recursive: true })
  for (const [name, bytes] of Object.entries(built)) writeFileSync(join(distFolder, name), bytes, { mode: 0o755 })
  writeFileSync(join(distFolder, digestsFile), digestsText(built))
}

/** Every difference between what is built and what is committed. */
function differences(built: Built): readonly string[] {
  const wanted: readonly (readonly [string, Buffer])[] = [
    ...Object.entries(built),
    [digestsFile, Buffer.from(digestsText(built))],
  ]
  return wanted.flatMap(([name, bytes]) => {
    const file = join(distFolder, name)
    if (!existsSync(file)) return [`images/start/dist/${name} is missing`]
    if (readFileSync(file).equals(bytes)) return []
    return [`images/start/dist/${name} is not what its source builds (${digest(bytes)} is)`]
  })
}

const tooLarge = (built: Built): readonly string[] =>
  Object.entries(built)
    .filter(([, bytes]) => bytes.length >= sizeLimitBytes)
    .map(([name, bytes]) => `${name} has ${bytes.length} bytes; the limit is ${sizeLimitBytes}`)

const args = process.argv.slice(2)
if (args.some((arg) => arg !== '--check')) {
  console.error(`unknown argument: ${args.join(' ')}; the only option is --check`)
  process.exitCode = 2
} else {
  const built = build(cacheFolder())
  const checkOnly = args.length > 0
  const problems = [...tooLarge(built), ...(checkOnly ? differences(built) : [])]
  if (problems.length === 0 && !checkOnly) write(built)
  for (const [name, bytes] of Object.entries(built)) console.log(`${digest(bytes)}  ${name}  ${bytes.length} bytes`)
  for (const line of problems) console.error(line)
  if (problems.length > 0) {
    if (checkOnly) console.error('run `npm run start-helper` and commit images/start/dist')
    process.exitCode = 1
  }
}
