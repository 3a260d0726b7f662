/** Size and order of layers: caches, RUN lines, what every change of a source repeats. */
import { finding } from '../parse.ts'
import type { Finding, Instruction } from '../parse.ts'
import { commandsOf, ofKeyword } from '../context.ts'
import type { Rule } from '../context.ts'
import { cacheFolders, cleanUp, packageCall } from '../packages.ts'
import type { Family } from '../packages.ts'
import { programOf } from '../shell.ts'
import type { Command } from '../shell.ts'
import type { Step } from '../stages.ts'

const removals = (commands: readonly Command[]): readonly string[] =>
  commands
    .filter((command) => programOf(command) === 'rm')
    .flatMap(({ words }) => words.slice(1).filter((word) => !word.startsWith('-')))

const clears = (family: Family, commands: readonly Command[]): boolean =>
  commands.some((command) => {
    const call = packageCall(command)
    // `apt-get clean` leaves the lists, which are the larger part.
    return call?.family === family && call.action === 'clean' && family !== 'apt'
  }) || removals(commands).some((path) => cacheFolders[family].some((folder) => path.startsWith(folder)))

const mountsCache = ({ flags }: Instruction, family: Family): boolean =>
  flags.some(
    ({ name, value }) =>
      name === 'mount' &&
      /type=(?:cache|tmpfs)/.test(value) &&
      cacheFolders[family].some((folder) => value.includes(folder)),
  )

interface Leftover {
  readonly step: Step
  readonly family: Family
}

/** RUN lines after which the cache of a package manager is still there. */
function leftovers(runs: readonly Step[]): readonly Leftover[] {
  return runs.flatMap((step) => {
    const commands = commandsOf(step.instruction)
    const families = new Set<Family>()
    for (const command of commands) {
      const call = packageCall(command)
      if (call === undefined || (call.action !== 'install' && call.action !== 'update')) continue
      if (!call.flags.includes('--no-cache') && !mountsCache(step.instruction, call.family)) families.add(call.family)
    }
    return [...families].filter((family) => !clears(family, commands)).map((family) => ({ step, family }))
  })
}

export const caches: Rule = ({ steps }) => {
  const runs = ofKeyword(steps, 'RUN')
  const left = leftovers(runs)
  const reported = new Set<Family>()
  // The last such line is where the clean-up belongs; one finding says it all.
  return left.toReversed().flatMap(({ step, family }) => {
    const later = runs.slice(runs.indexOf(step) + 1).find(({ instruction }) => clears(family, commandsOf(instruction)))
    if (reported.has(family) || later !== undefined) return []
    reported.add(family)
    return [
      finding('df-cache-left', step.instruction, `what ${nameOf(family)} fetched to do its work stays in this layer`, {
        fix: cleanUp[family],
      }),
    ]
  })
}

const nameOf = (family: Family): string => ({ apt: 'apt', apk: 'apk', rpm: 'yum or dnf', zypper: 'zypper' })[family]

const cachePaths = [...new Set(Object.values(cacheFolders).flat()), '/root/.cache', '/root/.npm', '~/.cache', '~/.npm']

/** A RUN that does nothing but delete what an earlier layer holds for ever. */
export const lateRemoval: Rule = ({ steps }) =>
  ofKeyword(steps, 'RUN').flatMap((step) => {
    const commands = commandsOf(step.instruction)
    const onlyRemoves =
      commands.length > 0 &&
      commands.every((command) => programOf(command) === 'rm' || packageCall(command)?.action === 'clean')
    if (!onlyRemoves) return []
    const before = steps
      .slice(0, steps.indexOf(step))
      .filter(({ instruction }) => ['RUN', 'COPY', 'ADD'].includes(instruction.keyword))
    const cleansCache = commands.some((command) => packageCall(command)?.action === 'clean')
    const known = removals(commands).find(
      (path) =>
        cachePaths.some((folder) => path.startsWith(folder)) ||
        before.some(({ instruction }) => path.length > 1 && instruction.text.includes(path.replace(/\/?\*+$/, ''))),
    )
    if (before.length === 0 || (known === undefined && !cleansCache)) return []
    return [
      finding(
        'df-cache-later-layer',
        step.instruction,
        `deleting ${known ?? 'the cache'} in a layer of its own frees nothing: the earlier layer keeps it`,
        {
          fix: 'delete it at the end of the RUN line that makes it, joined by `&&`',
        },
      ),
    ]
  })

const manyRuns = 3

export const splitRuns: Rule = ({ steps }) => {
  const found: Finding[] = []
  for (const group of consecutiveRuns(steps)) {
    const [first] = group
    if (first === undefined) continue
    const calls = group.map(({ instruction }) => commandsOf(instruction).map(packageCall))
    const updatedAt = calls.findIndex(
      (line) => line.some((call) => call?.action === 'update') && !line.some((call) => call?.action === 'install'),
    )
    const split =
      updatedAt !== -1 && calls.slice(updatedAt + 1).some((line) => line.some((call) => call?.action === 'install'))
    if (split)
      found.push(
        finding(
          'df-many-run',
          first.instruction,
          'the package lists are fetched in one RUN line and used in another; a cached layer makes them stale',
          {
            fix: 'join update, install and clean-up in one RUN line by `&&`',
          },
        ),
      )
    else if (group.length >= manyRuns)
      found.push(
        finding(
          'df-many-run',
          first.instruction,
          `${group.length} RUN lines follow each other, each with a layer of its own`,
          { fix: 'join them by `&&` where they belong together' },
        ),
      )
  }
  return found
}

function consecutiveRuns(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = []
  let open: Step[] = []
  for (const step of steps) {
    if (step.instruction.keyword === 'RUN' && !step.instruction.broken) open.push(step)
    else {
      groups.push(open)
      open = []
    }
  }
  return [...groups, open].filter((group) => group.length > 1)
}

const installers: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:npm|pnpm)$/, /^(?:i|ci|install)$/],
  [/^yarn$/, /^(?:install|add)$/],
  [/^pip[\d.]*$/, /^install$/],
  [/^(?:bundle|composer|poetry|pipenv|gem)$/, /^(?:install|sync)$/],
  [/^go$/, /^mod$/],
  [/^(?:dotnet)$/, /^restore$/],
]

const isInstall = (command: Command): boolean => {
  const verb = command.words.slice(1).find((word) => !word.startsWith('-')) ?? ''
  return (
    packageCall(command)?.action === 'install' ||
    installers.some(([program, action]) => program.test(programOf(command)) && action.test(verb))
  )
}

/** Whole folders of sources before the step that fetches dependencies. */
export const cacheOrder: Rule = ({ stages }) =>
  stages.flatMap(({ steps }) => {
    const copied = steps.findIndex(({ instruction }) => copiesEverything(instruction))
    if (copied === -1) return []
    const install = steps.slice(copied).find(({ instruction }) => commandsOf(instruction).some(isInstall))
    if (install === undefined) return []
    const at = steps[copied]?.instruction ?? install.instruction
    return [
      finding(
        'df-cache-order',
        at,
        `all sources are copied before the install step of line ${install.instruction.line}, so every change of a source repeats it`,
        {
          fix: 'copy the list of dependencies (package.json, requirements.txt, …), install, and copy the sources then',
        },
      ),
    ]
  })

export function copiesEverything({ keyword, flags, json, words, deferred }: Instruction): boolean {
  if ((keyword !== 'COPY' && keyword !== 'ADD') || deferred || flags.some(({ name }) => name === 'from')) return false
  const sources = (json ?? words.map(({ text }) => text)).slice(0, -1)
  return sources.some((source) => ['.', './', '/', '*', './*'].includes(source))
}
