/** What every rule gets to see. */
import type { ImageReference } from '../reference.ts'
import { splitCommands } from './shell.ts'
import type { Command } from './shell.ts'
import type { Dockerfile, Finding, Instruction } from './parse.ts'
import type { Stage, Step } from './stages.ts'

export interface LintContext {
  readonly dockerfile: Dockerfile
  readonly stages: readonly Stage[]
  /** The stage that becomes the image. */
  readonly final: Stage
  /** Its steps with those of the stages it goes on from. */
  readonly steps: readonly Step[]
  /** The image all that stands on; `undefined` for `scratch` and for names that only the build knows. */
  readonly base: ImageReference | undefined
  readonly nowMs: number
  /** Paths in the container that the input mounts. */
  readonly mounts: readonly string[]
  /** Whether a `.dockerignore` lies beside the context; `undefined` where nobody has looked. */
  readonly hasIgnoreFile: boolean | undefined
}

export type Rule = (context: LintContext) => readonly Finding[]

/** The commands of a RUN in either form; none where a broken continuation has mixed others in. */
export function commandsOf({ keyword, json, text, heredocs, broken }: Instruction): readonly Command[] {
  if (keyword !== 'RUN' || broken) return []
  if (json !== undefined)
    return json[1] === '-c' && json[2] !== undefined ? splitCommands(json[2]) : [{ words: json, offset: 0 }]
  const script = heredocs.map(({ content }) => content).join('\n')
  return splitCommands(/^<<-?["']?\w+["']?\s*$/.test(text) ? script : [text, script].join('\n'))
}

export const ofKeyword = (steps: readonly Step[], keyword: Instruction['keyword']): readonly Step[] =>
  steps.filter(({ instruction }) => instruction.keyword === keyword && !instruction.deferred)
