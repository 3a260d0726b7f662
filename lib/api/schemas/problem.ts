/** Problems as the API answers them (RFC 9457). */
import * as z from 'zod'
import { catalogue } from '../../core/codes.ts'
import type { Code } from '../../core/codes.ts'

const codes = Object.keys(catalogue) as [Code, ...Code[]]

export const code = z
  .enum(codes)
  .meta({ id: 'Code', description: 'A code of the catalogue; its meaning never changes, and more may be added.' })

export const problemItem = z
  .object({
    code,
    severity: z.enum(['error', 'warning', 'info']),
    message: z.string(),
    path: z.string().optional().describe('Place in the manifest, dotted.'),
    pointer: z.string().optional().describe('Place in the body of the request, as a JSON pointer in a URI fragment.'),
    parameter: z.string().optional().describe('Name of the query parameter or header.'),
    source: z
      .object({ file: z.string().optional(), line: z.number().int(), column: z.number().int() })
      .optional()
      .describe('Position in the text of the manifest, counted from 1.'),
    value: z.string().optional(),
    allowed: z.array(z.string()).readonly().optional(),
    fix: z.string().optional().describe('What to do about it.'),
  })
  .meta({ id: 'ProblemItem' })

export const problemDocument = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code,
    problems: z.array(problemItem).readonly(),
    traceId: z.string(),
  })
  .meta({ id: 'Problem', description: 'Why a request was not carried out.' })
