/** `metadata`: who the app is. */
import * as z from 'zod'
import { hinted } from '../grammar/hints.ts'
import { named } from '../grammar/shape.ts'
import { label, name, text } from '../grammar/text.ts'

export const labels = hinted(named(label, text), { dataKeys: true })

export const metadata = z.strictObject({
  name: name.describe('Name of the app; part of every native name.'),
  project: name
    .optional()
    .describe('Project the app belongs to. Absent: the one chosen on the command line, else `default`.'),
  labels: labels.optional().describe('Opaque labels, copied to what is made. No behaviour hides in them.'),
  annotations: labels.optional().describe('Opaque annotations, copied to what is made.'),
})
