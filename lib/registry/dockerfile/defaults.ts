/** What the image of a Dockerfile says of itself, as far as the Dockerfile tells. */
import type { ImageConfig } from '../config.ts'
import { expand, readPairs } from './expand.ts'
import type { Dockerfile, Instruction } from './parse.ts'
import { lineageOf, readStages } from './stages.ts'
import type { Stage, Step } from './stages.ts'

export interface DefaultsOptions {
  /** Stage to build; the last one where it is absent. */
  readonly target?: string
  readonly args?: Readonly<Record<string, string>>
  /** Of the base image, where it is known. */
  readonly base?: ImageConfig
}

const nothing: ImageConfig = {
  entrypoint: [],
  command: [],
  user: '',
  workdir: '',
  env: {},
  exposedPorts: [],
  volumes: [],
}
const defaultShell: readonly string[] = ['/bin/sh', '-c']

export function imageDefaults(
  dockerfile: Dockerfile,
  { target, args = {}, base = nothing }: DefaultsOptions = {},
): ImageConfig {
  const { stages } = readStages(dockerfile, args)
  const stage = target === undefined ? stages.at(-1) : stageNamed(stages, target)
  if (stage === undefined) return base
  return lineageOf(stage)
    .filter(({ instruction }) => !instruction.deferred)
    .reduce((state, step) => apply(state, step, dockerfile.escape), {
      config: base,
      shell: defaultShell,
      ownCommand: false,
    }).config
}

export const stageNamed = (stages: readonly Stage[], target: string): Stage | undefined =>
  stages.find(({ name }) => name === target.toLowerCase()) ??
  (/^\d+$/.test(target) ? stages[Number(target)] : undefined)

interface State {
  readonly config: ImageConfig
  readonly shell: readonly string[]
  /** The command is the Dockerfile's, not the base image's. */
  readonly ownCommand: boolean
}

function apply(state: State, { instruction, variables, workdir }: Step, escape: string): State {
  const { config } = state
  const put = (changes: Partial<ImageConfig>): State => ({ ...state, config: { ...config, ...changes } })
  const text = expand(instruction.text, variables, escape)
  switch (instruction.keyword) {
    case 'CMD':
      return { ...put({ command: argv(instruction, state.shell) }), ownCommand: true }
    case 'ENTRYPOINT':
      // An entrypoint of its own makes the base image's command meaningless.
      return put({ entrypoint: argv(instruction, state.shell), ...(state.ownCommand ? {} : { command: [] }) })
    case 'SHELL':
      return { ...state, shell: instruction.json ?? state.shell }
    case 'USER':
      return put({ user: text })
    case 'WORKDIR':
      return put({
        workdir: text.startsWith('/') || workdir === undefined ? text : `${workdir.replace(/\/$/, '')}/${text}`,
      })
    case 'ENV': {
      const pairs = readPairs(instruction.words, instruction.text).map(([key, value]) => [
        key,
        expand(value, variables, escape),
      ])
      return put({ env: { ...config.env, ...Object.fromEntries(pairs) } })
    }
    case 'EXPOSE': {
      const ports = text
        .split(/\s+/)
        .filter((port) => port !== '')
        .flatMap(portsOf)
      return put({ exposedPorts: [...new Set([...config.exposedPorts, ...ports])] })
    }
    case 'VOLUME':
      return put({
        volumes: [
          ...new Set([...config.volumes, ...volumePaths(instruction).map((path) => expand(path, variables, escape))]),
        ],
      })
    case 'STOPSIGNAL':
      return put({ stopSignal: text })
    case 'ADD':
    case 'ARG':
    case 'COPY':
    case 'FROM':
    case 'HEALTHCHECK':
    case 'LABEL':
    case 'MAINTAINER':
    case 'ONBUILD':
    case 'RUN':
      return state
  }
}

const argv = ({ json, text }: Instruction, shell: readonly string[]): readonly string[] => json ?? [...shell, text]

/** Commas that were meant as separators are read as such; the linter reports them. */
export const volumePaths = ({ json, words }: Instruction): readonly string[] =>
  json ?? words.flatMap(({ text }) => text.split(',')).filter((path) => path !== '')

const maxPort = 65_535

/** `80`, `53/udp`, `8000-8010`, as image configurations write them. */
function portsOf(text: string): readonly string[] {
  const found = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(text)
  const first = Number(found?.[1] ?? 0)
  const last = Number(found?.[2] ?? found?.[1] ?? 0)
  if (first < 1 || last > maxPort || last < first) return []
  return Array.from({ length: last - first + 1 }, (_, at) => `${first + at}/${(found?.[3] ?? 'tcp').toLowerCase()}`)
}
