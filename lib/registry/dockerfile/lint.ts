/** The linter of Dockerfiles (IMG-12): what will not build, what will not run as meant, what makes images large or unsafe. */
import type { LintContext, Rule } from './context.ts'
import { stageNamed } from './defaults.ts'
import { finding, parseDockerfile } from './parse.ts'
import type { Dockerfile, Finding } from './parse.ts'
import { badBase, baseReference, rootUser, unpinnedBase, unsupportedBase } from './rules/base.ts'
import { daemonizes, shellEntrypoint, shellForm } from './rules/commands.ts'
import { addLocal, addRemote, missingProgram, noIgnoreFile } from './rules/files.ts'
import {
  lostDirectory,
  maintainer,
  overridden,
  relativeWorkdir,
  secretsInImage,
  unmountedVolumes,
  volumeCommas,
} from './rules/instructions.ts'
import { cacheOrder, caches, lateRemoval, splitRuns } from './rules/layers.ts'
import { buildToolsKept, needlessPackages, recommends, unknownPackages } from './rules/packages.ts'
import { lineageOf, readStages, rootOf } from './stages.ts'

export interface LintOptions {
  /** Decides what is out of support. */
  readonly nowMs: number
  /** Stage that becomes the image; the last one where it is absent. */
  readonly target?: string
  readonly args?: Readonly<Record<string, string>>
  /** Paths in the container that the input mounts; declared volumes elsewhere are reported. */
  readonly mounts?: readonly string[]
  /** Whether a `.dockerignore` lies in the context; left out where it is not known. */
  readonly hasIgnoreFile?: boolean
}

const rules: readonly Rule[] = [
  badBase,
  unsupportedBase,
  unpinnedBase,
  rootUser,
  maintainer,
  volumeCommas,
  unmountedVolumes,
  secretsInImage,
  relativeWorkdir,
  lostDirectory,
  overridden,
  caches,
  lateRemoval,
  splitRuns,
  cacheOrder,
  unknownPackages,
  recommends,
  needlessPackages,
  buildToolsKept,
  shellForm,
  shellEntrypoint,
  daemonizes,
  missingProgram,
  addRemote,
  addLocal,
  noIgnoreFile,
]

const maxSourceLength = 1024 * 1024

export function lintDockerfile(source: string, options: LintOptions): readonly Finding[] {
  if (source.length > maxSourceLength)
    return [
      finding('too-large', { line: 1, column: 1 }, `the Dockerfile has more than ${maxSourceLength} characters`, {
        fix: 'move long contents into files that are copied',
      }),
    ]
  return lint(parseDockerfile(source), options)
}

/** Findings in the order of the file. */
export function lint(
  dockerfile: Dockerfile,
  { nowMs, target, args = {}, mounts = [], hasIgnoreFile }: LintOptions,
): readonly Finding[] {
  const { stages, problems } = readStages(dockerfile, args)
  const final = target === undefined ? stages.at(-1) : stageNamed(stages, target)
  const structural = [...dockerfile.problems, ...problems]
  if (final === undefined) return sorted(structural)
  const context: LintContext = {
    dockerfile,
    stages,
    final,
    steps: lineageOf(final),
    base: baseReference(rootOf(final).base),
    nowMs,
    mounts,
    hasIgnoreFile,
  }
  return sorted([...structural, ...rules.flatMap((rule) => rule(context))])
}

const sorted = (findings: readonly Finding[]): readonly Finding[] =>
  [...findings].sort(
    (a, b) => a.source.line - b.source.line || a.source.column - b.source.column || a.code.localeCompare(b.code),
  )
