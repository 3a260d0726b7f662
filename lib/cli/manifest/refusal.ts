/** A server's problems with a manifest are shown in the text that the person has. */
import type { ApiProblem } from '../../client/errors.ts'
import type { Problem, SourcePosition } from '../../core/problems.ts'
import { standardLimits } from '../../manifest/text/limits.ts'
import { readYaml } from '../../manifest/text/read.ts'
import { nodeAt, offsetOf } from '../../manifest/text/tree.ts'
import { isApiError } from '../api-error.ts'
import { RefusedText } from '../failure.ts'
import type { ManifestSource } from './source.ts'

export const tellable =
  (source: ManifestSource, environment: string | undefined) =>
  (error: unknown): never => {
    if (!isApiError(error)) throw error
    const problems = located(error.problems, source, environment)
    if (problems.some((problem) => problem.source !== undefined)) {
      throw new RefusedText(error.code, problems as readonly Problem[], source)
    }
    throw error
  }

/** What the server can only name by its path is looked for in the text; the file is called as it is here. */
export function located(
  problems: readonly ApiProblem[],
  source: ManifestSource,
  environment: string | undefined,
): readonly ApiProblem[] {
  const find = finder(source, environment)
  return problems.map((problem) => {
    const found = problem.source ?? (problem.path === undefined ? undefined : find(problem.path))
    return found === undefined ? problem : { ...problem, source: { ...found, file: source.file } }
  })
}

function finder(source: ManifestSource, environment: string | undefined): (path: string) => SourcePosition | undefined {
  const { root, locate } = readYaml(source.text, source.file, standardLimits)
  return (path) => {
    if (root === undefined) return undefined
    const segments = segmentsOf(path)
    const overlaid = ['environments', environment ?? '', ...segments]
    if (environment !== undefined && nodeAt(root, overlaid) !== undefined)
      return locate(offsetOf(root, overlaid, 'value'))
    // A short form has no place for what it stands for: the nearest written key around it is meant.
    return nodeAt(root, segments.slice(0, 1)) === undefined ? undefined : locate(offsetOf(root, segments, 'value'))
  }
}

/** The way back from `formatPath`: keys that hold dots are quoted. */
const segmentsOf = (path: string): readonly string[] =>
  [...path.matchAll(/"(?:[^"\\]|\\.)*"|[^.]+/g)].map(([segment]) =>
    segment.startsWith('"') ? (JSON.parse(segment) as string) : segment,
  )
