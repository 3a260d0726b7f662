/** Stages of a Dockerfile: what each begins with, and what its instructions mean with all variables put in. */
import { posix } from 'node:path'
import { expand, readPairs } from './expand.ts'
import type { Variables } from './expand.ts'
import { finding } from './parse.ts'
import type { Dockerfile, Finding, Instruction } from './parse.ts'

export interface Step {
  readonly instruction: Instruction
  /** Folder in which it happens; `undefined` while only the base image knows. */
  readonly workdir: string | undefined
  readonly variables: Variables
}

export interface Stage {
  readonly index: number
  readonly name?: string
  readonly from: Instruction
  /** Name of the base image, or of the stage it goes on from. */
  readonly base: string
  /** The stage it goes on from. */
  readonly parent?: Stage
  readonly steps: readonly Step[]
}

export interface Stages {
  readonly stages: readonly Stage[]
  readonly problems: readonly Finding[]
}

const platformArgs = [
  'TARGETPLATFORM',
  'TARGETOS',
  'TARGETARCH',
  'TARGETVARIANT',
  'BUILDPLATFORM',
  'BUILDOS',
  'BUILDARCH',
]

export function readStages({ instructions, escape }: Dockerfile, args: Readonly<Record<string, string>> = {}): Stages {
  const globals = new Map<string, string>(
    platformArgs.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]] as const])),
  )
  const stages: Stage[] = []
  const problems: Finding[] = []
  let open: { readonly from: Instruction; readonly body: Instruction[] } | undefined
  const close = (): void => {
    if (open !== undefined) stages.push(stageOf(open.from, open.body, stages, globals, args, escape, problems))
  }
  for (const instruction of instructions) {
    if (instruction.keyword === 'FROM') {
      close()
      open = { from: instruction, body: [] }
    } else if (open !== undefined) open.body.push(instruction)
    else if (instruction.keyword === 'ARG')
      for (const [name, value] of argsOf(instruction, globals, args, escape)) globals.set(name, value)
  }
  close()
  return { stages, problems }
}

function stageOf(
  from: Instruction,
  body: readonly Instruction[],
  before: readonly Stage[],
  globals: Variables,
  args: Readonly<Record<string, string>>,
  escape: string,
  problems: Finding[],
): Stage {
  const base = expand(from.words[0]?.text ?? '', globals, escape)
  const name = from.words.length === 3 ? from.words[2]?.text.toLowerCase() : undefined
  if (name !== undefined && before.some((stage) => stage.name === name))
    problems.push(
      finding('df-syntax', from, `two stages have the name "${name}"`, {
        value: name,
        fix: 'give each stage a name of its own',
      }),
    )
  const parent = before.find((stage) => stage.name === base.toLowerCase())
  const last = parent?.steps.at(-1)
  const variables = new Map(parent === undefined ? [] : inheritedEnv(parent))
  let workdir = parent === undefined ? undefined : workdirAfter(last)
  const steps: Step[] = []
  for (const instruction of body) {
    const step: Step = { instruction, workdir, variables: new Map(variables) }
    steps.push(step)
    if (instruction.deferred) continue
    if (instruction.keyword === 'ARG')
      for (const [key, value] of argsOf(instruction, variables, args, escape, globals)) variables.set(key, value)
    if (instruction.keyword === 'ENV')
      for (const [key, value] of readPairs(instruction.words, instruction.text))
        variables.set(key, expand(value, variables, escape))
    if (instruction.keyword === 'WORKDIR') workdir = joinWorkdir(workdir, expand(instruction.text, variables, escape))
  }
  return {
    index: before.length,
    ...(name === undefined ? {} : { name }),
    from,
    base,
    ...(parent === undefined ? {} : { parent }),
    steps,
  }
}

function argsOf(
  { words }: Instruction,
  variables: Variables,
  args: Readonly<Record<string, string>>,
  escape: string,
  globals: Variables = new Map(),
): readonly (readonly [string, string])[] {
  return words.flatMap(({ text }) => {
    const at = text.indexOf('=')
    const name = at === -1 ? text : text.slice(0, at)
    const value = args[name] ?? (at === -1 ? globals.get(name) : expand(text.slice(at + 1), variables, escape))
    return value === undefined ? [] : [[name, value] as const]
  })
}

/** ENV goes on into the next stage, ARG does not. */
function inheritedEnv(stage: Stage): readonly (readonly [string, string])[] {
  const own = stage.steps.flatMap(({ instruction, variables }) =>
    instruction.keyword === 'ENV' && !instruction.deferred
      ? readPairs(instruction.words, instruction.text).map(
          ([key, value]) => [key, expand(value, variables, '\\')] as const,
        )
      : [],
  )
  return [...(stage.parent === undefined ? [] : inheritedEnv(stage.parent)), ...own]
}

const workdirAfter = (step: Step | undefined): string | undefined =>
  step?.instruction.keyword === 'WORKDIR'
    ? joinWorkdir(step.workdir, expand(step.instruction.text, step.variables, '\\'))
    : step?.workdir

function joinWorkdir(current: string | undefined, next: string): string | undefined {
  if (posix.isAbsolute(next)) return posix.normalize(next).replace(/(.)\/$/, '$1')
  return current === undefined ? undefined : posix.join(current, next)
}

/** The steps of a stage with those of the stages it goes on from, oldest first. */
export const lineageOf = (stage: Stage): readonly Step[] => [
  ...(stage.parent === undefined ? [] : lineageOf(stage.parent)),
  ...stage.steps,
]

export const rootOf = (stage: Stage): Stage => (stage.parent === undefined ? stage : rootOf(stage.parent))
