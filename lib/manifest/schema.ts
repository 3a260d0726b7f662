/** The JSON Schema (2020-12) that editors use: short and long forms, descriptions, parameters in any value. */
import * as z from 'zod'
import { hintKeys, hintsOf } from './grammar/hints.ts'
import { manifest } from './sections/manifest.ts'
import type { JsonObject } from '../core/hash.ts'

export const schemaId = 'https://escale.dev/schema/escale-v1.schema.json'

type Draft = Record<string, unknown>

const isParameterised = { type: 'string', pattern: String.raw`\$\{` }

/** Bounds that say nothing but what a JavaScript number can hold. */
const noBounds = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])

function refine(schema: z.ZodType, json: Draft): void {
  const hints = hintsOf(schema)
  for (const key of hintKeys) delete json[key]
  for (const bound of ['minimum', 'maximum']) if (noBounds.has(json[bound] as number)) delete json[bound]
  if (json['type'] === 'object') refineObject(hints.dataKeys === true, hints.opaque === true, json)
  else if (Array.isArray(json['enum']) || json['const'] !== undefined) orParameter(json)
  else if (json['type'] === 'number' || json['type'] === 'integer' || json['type'] === 'boolean') orParameter(json)
  else if (json['type'] === 'string') refineText(hints.mustQuote === true, json)
}

/** `x-` keys are free wherever keys are names. */
function refineObject(dataKeys: boolean, opaque: boolean, json: Draft): void {
  if (dataKeys || opaque) {
    if (opaque) delete json['propertyNames']
    return
  }
  json['patternProperties'] = { '^x-': {} }
  const names = json['propertyNames'] as { pattern?: string } | undefined
  if (names?.pattern !== undefined) json['propertyNames'] = { anyOf: [{ pattern: '^x-' }, names] }
}

/** A parameter may stand where a value of another type will. */
function orParameter(json: Draft): void {
  const own: Draft = {}
  for (const key of Object.keys(json)) {
    if (key === 'description' || key === 'default') continue
    own[key] = json[key]
    delete json[key]
  }
  json['anyOf'] = [own, isParameterised]
}

/** Where text is meant, YAML's numbers and booleans are text too, where their text fits: they keep their source. */
function refineText(quoted: boolean, json: Draft): void {
  const pattern = typeof json['pattern'] === 'string' ? new RegExp(json['pattern']) : undefined
  const fits = (texts: readonly string[]): boolean => pattern === undefined || texts.some((each) => pattern.test(each))
  const types = ['string']
  if (!quoted && fits(['1', '80', '1.5'])) types.push('number')
  if (!quoted && fits(['true'])) types.push('boolean')
  json['type'] = types.length === 1 ? 'string' : types
  if (pattern === undefined) return
  delete json['pattern']
  json['anyOf'] = [{ pattern: pattern.source }, { pattern: isParameterised.pattern }]
}

export function manifestJsonSchema(): JsonObject {
  const json = z.toJSONSchema(manifest, {
    io: 'input',
    reused: 'ref',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => refine(zodSchema as unknown as z.ZodType, jsonSchema as Draft),
  }) as Draft
  const { $schema, ...rest } = json
  // Only what JSON can hold is left after the round trip.
  return JSON.parse(
    JSON.stringify({ $schema, $id: schemaId, title: 'Escale manifest, escale/v1', ...rest }),
  ) as JsonObject
}
