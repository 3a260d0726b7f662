/** YAML as the command line reads and writes it; loaded only where it is needed. */
import { parse, stringify } from 'yaml'

/** No aliases: what we read here was written by us. */
export const readYaml = (text: string): unknown => parse(text, { maxAliasCount: 0 })

export const writeYaml = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
