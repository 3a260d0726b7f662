/** Files that come into the image: from where, and whether the one that is started is among them. */
import { posix } from 'node:path'
import { commandsOf } from '../context.ts'
import type { LintContext, Rule } from '../context.ts'
import { expand } from '../expand.ts'
import { finding } from '../parse.ts'
import type { Instruction } from '../parse.ts'
import { programOf } from '../shell.ts'
import type { Command } from '../shell.ts'
import type { Step } from '../stages.ts'
import { startedProgram } from './commands.ts'
import { copiesEverything } from './layers.ts'

const isRemote = (source: string): boolean => /^(?:https?|ftp):\/\//.test(source) || /^git@|\.git(?:#|$)/.test(source)
const isArchive = (source: string): boolean => /\.(?:tar|tgz|tbz2?|txz|tzst|tar\.\w+)$/i.test(source)

const pathsOf = ({ json, words }: Instruction): readonly string[] =>
  json ?? words.map(({ text }) => text.replaceAll(/^["']|["']$/g, ''))
const flagOf = ({ flags }: Instruction, name: string): string | undefined =>
  flags.find((flag) => flag.name === name)?.value

export const addRemote: Rule = ({ stages }) =>
  stages.flatMap(({ steps }) =>
    steps.flatMap(({ instruction }) => {
      if (instruction.deferred) return []
      if (instruction.keyword === 'ADD') {
        const source = pathsOf(instruction)
          .slice(0, -1)
          .find((path) => isRemote(path) && !path.includes('.git'))
        if (source === undefined || flagOf(instruction, 'checksum') !== undefined) return []
        return [
          finding('df-add-remote', instruction, `"${source}" is fetched without a checksum: what comes may change`, {
            value: source,
            fix: 'add `--checksum=sha256:…`',
          }),
        ]
      }
      const commands = commandsOf(instruction)
      const fetching = commands.find(
        (command) => ['curl', 'wget'].includes(programOf(command)) && command.words.some((word) => isRemote(word)),
      )
      if (
        fetching === undefined ||
        commands.some((command) => /^(?:sha\d+sum|shasum|gpg|gpgv|cosign|minisign|openssl)$/.test(programOf(command)))
      )
        return []
      const source = fetching.words.find((word) => isRemote(word)) ?? ''
      return [
        finding('df-add-remote', instruction, `"${source}" is fetched without a checksum: what comes may change`, {
          value: source,
          fix: 'check it with `sha256sum -c` before it is used',
        }),
      ]
    }),
  )

export const addLocal: Rule = ({ stages }) =>
  stages.flatMap(({ steps }) =>
    steps.flatMap(({ instruction }) => {
      const sources = pathsOf(instruction).slice(0, -1)
      if (
        instruction.keyword !== 'ADD' ||
        instruction.heredocs.length > 0 ||
        sources.length === 0 ||
        sources.some((path) => isRemote(path) || isArchive(path) || path.startsWith('$'))
      )
        return []
      return [
        finding(
          'df-add-local',
          instruction,
          'ADD unpacks archives and fetches addresses; nothing of that is needed here',
          { fix: 'write COPY' },
        ),
      ]
    }),
  )

export const noIgnoreFile: Rule = ({ dockerfile, hasIgnoreFile }) => {
  const copy = hasIgnoreFile === false ? dockerfile.instructions.find(copiesEverything) : undefined
  return copy === undefined
    ? []
    : [
        finding('df-no-ignore-file', copy, 'the whole folder is copied, and no .dockerignore leaves anything out', {
          fix: 'write a `.dockerignore` with `.git`, `node_modules`, secrets and what is built',
        }),
      ]
}

/** Bases that hold an operating system or a language and no program of anybody's. */
const plainBases = new Set(
  [
    'alpine',
    'debian',
    'ubuntu',
    'centos',
    'fedora',
    'busybox',
    'python',
    'node',
    'ruby',
    'php',
    'perl',
    'golang',
    'openjdk',
    'eclipse-temurin',
    'amazonlinux',
  ].map((name) => `library/${name}`),
)

const interpreters = /^(?:python[\d.]*|node|nodejs|ruby|perl|php|sh|bash|dash|deno|bun)$/

/** Programs after which any file may be there. */
const makers =
  /^(?:git|curl|wget|unzip|tar|cp|mv|ln|install|tee|touch|make|cmake|gcc|g\+\+|go|cargo|mvn|gradle|javac|npx|yarn|pnpm|composer|rails|django-admin|dotnet|rsync|bash|sh|python[\d.]*|node)$/

/** The file the container starts with, where its command names one. */
function startedFile({ words }: Command): string | undefined {
  const program = words[0] ?? ''
  if (!interpreters.test(program.split('/').at(-1) ?? ''))
    return program.startsWith('./') || /^\/(?:app|srv|src|code|home|opt)\//.test(program) ? program : undefined
  const first = words[1] ?? ''
  if (first.startsWith('-')) return undefined
  return /\.\w+$/.test(first) && !first.includes('$') ? first : undefined
}

export const missingProgram: Rule = (context) => {
  const { base, steps } = context
  const started = startedProgram(context)
  const file = started === undefined ? undefined : startedFile(started.command)
  if (started === undefined || file === undefined || base === undefined || !plainBases.has(base.repository)) return []
  const folder = folderAt(context, started.instruction)
  if (!posix.isAbsolute(file) && folder === undefined) return []
  const path = posix.resolve(folder ?? '/', file)
  if (steps.some((step) => mayProvide(step, path))) return []
  return [
    finding(
      'df-file-not-copied',
      started.instruction,
      `the container starts ${path}, which nothing puts into the image`,
      { value: path, fix: `copy the file that holds it, e.g. \`COPY ${posix.basename(path)} ${path}\`` },
    ),
  ]
}

const folderAt = ({ steps }: LintContext, instruction: Instruction): string | undefined => {
  const at = steps.findIndex((step) => step.instruction === instruction)
  // A later WORKDIR counts as well: it is where the container starts.
  const last = steps.findLast((step) => step.instruction.keyword === 'WORKDIR')
  const after = last === undefined ? undefined : expand(last.instruction.text, last.variables, '\\')
  return after !== undefined && posix.isAbsolute(after) ? after : steps[at]?.workdir
}

function mayProvide({ instruction, workdir, variables }: Step, path: string): boolean {
  if (instruction.deferred || instruction.broken) return true
  if (instruction.keyword === 'RUN') {
    const text = [instruction.text, ...instruction.heredocs.map(({ content }) => content)].join('\n')
    return (
      text.includes(posix.basename(path)) ||
      text.includes('>') ||
      commandsOf(instruction).some((command) => makers.test(programOf(command)))
    )
  }
  if (instruction.keyword !== 'COPY' && instruction.keyword !== 'ADD') return false
  const paths = pathsOf(instruction).map((text) => expand(text, variables, '\\'))
  const target = paths.at(-1) ?? ''
  const sources = paths.slice(0, -1)
  if (!posix.isAbsolute(target) && workdir === undefined) return true
  const destination = posix.resolve(workdir ?? '/', target)
  const within = path === destination || path.startsWith(destination === '/' ? '/' : `${destination}/`)
  if (!within) return false
  const intoFolder = target.endsWith('/') || target === '.' || sources.length > 1
  return (
    sources.some((source) => {
      const name = posix.basename(source)
      // Without an extension it may be a folder, with a wildcard anything.
      const single = /^[^*?[]+\.\w+$/.test(name) && !(instruction.keyword === 'ADD' && isArchive(name))
      if (!single) return true
      return intoFolder
        ? path === posix.join(destination, name)
        : path === destination || path === posix.join(destination, name)
    }) || instruction.heredocs.length > 0
  )
}
