/** Texts and numbers as they stand in requests and answers. */
/* oxlint-disable no-control-regex -- these patterns name the very characters that they refuse */
import * as z from 'zod'

/** No control characters but tab, line feed and carriage return. */
export const plainText = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/
/** One line of it. */
export const plainLine = /^[^\u0000-\u001f\u007f]*$/
/** YAML says for itself which other characters it takes. */
export const manifestText = /^[^\u0000]*$/
/** What engines call machines and volumes. */
export const nativeNamePattern = /^[^\u0000-\u0020\u007f/]{1,256}$/
export const namePattern = /^(?!x-)[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/
export const hostPattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
export const secretNamePattern = /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?$/
export const envNamePattern = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/
export const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
export const relativePathPattern =
  /^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))(?!.*\/\/)[^\u0000-\u001f\u007f\\]{1,1024}(?<!\/)$/
/** A context may be the folder of the manifest itself. */
export const contextPathPattern = new RegExp(`^\\.$|${relativePathPattern.source}`)
export const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
export const subjectPattern = /^(user|group):[^\u0000-\u0020\u007f]{1,200}$/
export const collectionPattern =
  /^(\*|(?!x-)[a-z]([a-z0-9-]{0,38}[a-z0-9])?(\/(?!x-)[a-z]([a-z0-9-]{0,38}[a-z0-9])?)?)$/

export const name = z.string().regex(namePattern).describe('Lower-case letters, digits and hyphens; at most 40.')
/** As `status` lists them: one of a stateful service stands with its ordinal, `data@db-0`. */
export const volumeName = z
  .string()
  .regex(new RegExp(`^${namePattern.source.slice(1, -1)}(@${namePattern.source.slice(1, -1)}(-\\d{1,5})?)?$`))
export const text = (maxLength: number) => z.string().max(maxLength).regex(plainText)
export const line = (maxLength: number) => z.string().min(1).max(maxLength).regex(plainLine)
export const base64 = (maxLength: number) => z.string().max(maxLength).regex(base64Pattern)
export const time = z.string().regex(timePattern).meta({ format: 'date-time' })
export const deploymentId = z.string().regex(/^dep_[a-z2-7]{26}$/)

/** Times in answers. */
export const when = z.string().meta({ format: 'date-time' })

/** Whole numbers of a query, which come as text; the OpenAPI document says `integer`. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .meta({ parameter: { type: 'integer', minimum: min, maximum: max } })

export const flag = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .meta({ parameter: { type: 'boolean' } })

/** A query key that may stand several times. */
export const repeated = <Item extends z.ZodType<string, string>>(item: Item, most: number) => z.array(item).max(most)
