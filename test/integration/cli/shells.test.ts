/** The completion scripts in the shells themselves. */
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const run = promisify(execFile)
const shellMs = 60_000
const installMs = 170_000

const isThere = (shell: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${shell}`], { stdio: 'ignore', timeout: 5_000 })
    return true
  } catch {
    return false
  }
}

/** Where a package manager may be used, a missing shell is installed; elsewhere its tests are skipped, and say so. */
function have(shell: string): boolean {
  if (isThere(shell)) return true
  if (process.getuid?.() !== 0 || !isThere('apt-get')) return false
  try {
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', shell], {
      stdio: 'ignore',
      timeout: installMs,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  } catch {
    return false
  }
  return isThere(shell)
}

const shells = { bash: have('bash'), zsh: have('zsh'), fish: have('fish') }
for (const [shell, there] of Object.entries(shells))
  if (!there) process.stdout.write(`${shell} is not here and cannot be installed: its completion is not tried\n`)

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'escale-shells-'))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(
    join(folder, 'bin', 'escale'),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'bin', 'escale.ts')}" "$@"\n`,
  )
  chmodSync(join(folder, 'bin', 'escale'), 0o755)
  writeFileSync(
    join(folder, 'escale.yaml'),
    'apiVersion: escale/v1\nkind: App\nmetadata: {name: hello}\nservices:\n  web: {image: nginx}\n  worker: {image: nginx}\n',
  )
  writeFileSync(join(folder, 'other file.yaml'), '')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = () => ({
  PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  HOME: folder,
  TERM: 'dumb',
  LANG: 'C.UTF-8',
})

/** What bash would offer at the end of the line. */
async function bash(line: string): Promise<readonly string[]> {
  const script = `source <(escale completion bash)
line="$1"
COMP_LINE="$line" COMP_POINT=\${#line}
read -r -a COMP_WORDS <<< "$line"
[[ "$line" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_escale
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', line], {
    cwd: folder,
    env: env(),
    timeout: shellMs,
  })
  return stdout.split('\n').filter((word) => word !== '')
}

describe.skipIf(!shells.bash)('bash', () => {
  it('completes commands, options, values and names', async () => {
    expect(await bash('escale depl')).toEqual(['deploy'])
    expect(await bash('escale deploy --det')).toEqual(['--detach'])
    expect(await bash('escale ls -o ')).toEqual(['table', 'wide', 'json', 'yaml'])
    expect(await bash('escale logs w')).toEqual(['web', 'worker'])
  })

  it('completes files, with spaces in their names', async () => {
    expect(await bash('escale deploy -f oth')).toEqual(['other file.yaml'])
  })
})

describe.skipIf(!shells.zsh)('zsh', () => {
  /** zsh completes in an interactive shell alone: one on a terminal of its own is told to list. */
  async function zsh(line: string): Promise<string> {
    const script = `zmodload zsh/zpty
zpty z 'zsh -f -i'
zpty -w z 'PS1=; unsetopt zle_bracketed_paste 2>/dev/null; stty cols 120; autoload -Uz compinit; compinit -u -D; source <(escale completion zsh); zstyle ":completion:*" list-prompt ""; LISTMAX=0; echo rea''dy'
out=
for i in {1..100}; do zpty -rt z chunk '' && out+=$chunk; [[ $out == *ready* ]] && break; sleep 0.1; done
out=
zpty -wn z "$1"$'\\t\\t'
for i in {1..60}; do zpty -rt z chunk '' && out+=$chunk; sleep 0.1; done
zpty -d z
print -r -- $out`
    const { stdout } = await run('zsh', ['-f', '-c', script, 'zsh', line], {
      cwd: folder,
      env: { ...env(), TERM: 'vt100' },
      timeout: shellMs,
    })
    return stdout
  }

  it('completes commands and names', async () => {
    expect(await zsh('escale depl')).toContain('escale deploy')
    const listed = await zsh('escale logs w')
    expect(listed).toContain('web')
    expect(listed).toContain('worker')
  })
})

describe.skipIf(!shells.fish)('fish', () => {
  const fish = async (line: string): Promise<readonly string[]> => {
    const script = 'escale completion fish | source; complete -C "$argv[1]"'
    const { stdout } = await run('fish', ['--no-config', '-c', script, line], {
      cwd: folder,
      env: env(),
      timeout: shellMs,
    })
    return stdout.split('\n').flatMap((word) => (word === '' ? [] : [word.split('\t')[0]!]))
  }

  it('completes commands, options, values, names and files', async () => {
    expect(await fish('escale depl')).toEqual(['deploy'])
    expect(await fish('escale deploy --det')).toEqual(['--detach'])
    expect(await fish('escale ls -o ')).toEqual(['json', 'table', 'wide', 'yaml'])
    expect(await fish('escale logs w')).toEqual(['web', 'worker'])
    expect(await fish('escale deploy -f oth')).toEqual([expect.stringContaining('other') as string])
  })
})
