/** Options and small steps that several commands share. */
import { EscaleError, problem } from '../../core/errors.ts'
import type { OptionSpecs } from '../spec.ts'
import type { Client } from '../../client/client.ts'
import type { CommandContext } from '../context.ts'

export const manifestOptions = {
  file: {
    short: 'f',
    value: 'path',
    completes: 'file',
    description: 'the manifest, or `-` for standard input; else escale.yaml here',
  },
  env: { short: 'e', value: 'name', completes: 'environment', description: 'environment: the overlay of this name' },
  set: { value: 'name=value', repeat: true, description: 'value of a parameter; else ESCALE_PARAM_NAME, its default' },
} as const satisfies OptionSpecs

export const targetOptions = {
  to: { value: 'cluster', completes: 'cluster', description: 'cluster, in place of the one the manifest names' },
  strict: {
    value: 'classes',
    valueOptional: true,
    description: 'refuse what is not carried over exactly: --strict, or --strict=approximated,deferred,refused',
  },
} as const satisfies OptionSpecs

export const waitOptions = {
  detach: { short: 'd', description: 'do not wait for the end' },
  timeout: { value: 'duration', description: 'wait no longer than this, e.g. 10m; the deployment goes on' },
} as const satisfies OptionSpecs

export const yesOption = { yes: { short: 'y', description: 'do not ask' } } as const satisfies OptionSpecs

export const usage = (
  message: string,
  fix: string,
  rest: { readonly allowed?: readonly string[]; readonly value?: string } = {},
): EscaleError => new EscaleError('usage', message, { problems: [problem('usage', message, { fix, ...rest })] })

export function wholeNumber(text: string, what: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value
  throw usage(
    `${JSON.stringify(text)} of ${what} is no whole number from ${String(min)} to ${String(max)}`,
    `write it as ${what} ${String(Math.max(min, 1))}`,
  )
}

/** The cluster that was named, else the only one there is. */
export async function clusterOf(context: CommandContext, client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named
  const { items } = await client.call('listClusters', { query: { limit: 100 }, signal: context.interrupted })
  if (items.length === 1) return items[0]!.name
  const known = items.map((item) => item.name)
  throw usage(
    known.length === 0 ? 'there is no cluster yet' : 'there are several clusters and none was chosen',
    known.length === 0 ? 'start one with `escale up`, or add one with `escale clusters add`' : 'name it with --cluster',
    { allowed: known },
  )
}

export const clusterOption = {
  cluster: { short: 'c', value: 'name', completes: 'cluster', description: 'the cluster; else the only one there is' },
} as const satisfies OptionSpecs

interface Page<Item> {
  readonly items: readonly Item[]
  readonly next?: string | undefined
}

/** Pages until there is no more, or enough. */
export async function pagesOf<Item>(
  most: number,
  read: (query: { after?: string; limit: number }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = []
  let after: string | undefined
  while (items.length < most) {
    const page = await read({ limit: Math.min(500, most - items.length), ...(after !== undefined && { after }) })
    items.push(...page.items)
    if (page.next === undefined) return items
    after = page.next
  }
  return items.slice(0, most)
}

export const everything = 100_000
