/** Values of parameters: `--set name=value` before `ESCALE_PARAM_NAME`. */
import { EscaleError, problem } from '../../core/errors.ts'

const prefix = 'ESCALE_PARAM_'
const variableOf = (name: string): string => prefix + name.toUpperCase().replaceAll('-', '_')

export function paramsFrom(
  set: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  declared: readonly string[],
): Readonly<Record<string, string>> {
  const params: Record<string, string> = {}
  // A variable that no parameter of this manifest answers to is meant for another one.
  for (const name of declared) {
    const value = env[variableOf(name)] ?? env[prefix + name]
    if (value !== undefined) params[name] = value
  }
  return { ...params, ...pairsOf(set, '--set') }
}

/** `name=value` words; the last one of a name counts. */
export function pairsOf(words: readonly string[], option: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=')
      if (at <= 0) {
        const message = `${JSON.stringify(word)} of ${option} is no name=value`
        throw new EscaleError('usage', message, {
          problems: [problem('usage', message, { fix: `write it as ${option} name=value` })],
        })
      }
      return [word.slice(0, at), word.slice(at + 1)]
    }),
  )
}
