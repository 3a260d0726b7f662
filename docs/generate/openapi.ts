/** The OpenAPI document, from the routes' records. */
import { readFileSync } from 'node:fs'
import { openApiDocument } from '../../lib/api/openapi.ts'

export function openApiReference(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return `${JSON.stringify(openApiDocument(version), null, 2)}\n`
}
