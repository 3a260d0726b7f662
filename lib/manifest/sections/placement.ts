/** `placement`: wishes about machines; the target decides. */
import * as z from 'zod'
import type { Placement } from '../../model/unit.ts'
import { hinted } from '../grammar/hints.ts'
import { named, sugar } from '../grammar/shape.ts'
import { label, someText, text } from '../grammar/text.ts'

const wish = sugar(z.array(text).min(1), text, (value) => [value])
const wishes = hinted(named(label, wish), { dataKeys: true })
const spread = z.enum(['prefer', 'require'])

export const placement = z.strictObject({
  capacity: z.enum(['any', 'serverless', 'workers']).default('any').describe('Machines of the cloud, or of your own.'),
  spot: z.enum(['never', 'prefer', 'only']).default('never').describe('Capacity that may be taken back.'),
  pool: someText.default('default').describe('Pool of workers.'),
  arch: z
    .enum(['any', 'amd64', 'arm64'])
    .default('any')
    .describe('`any` is what image and pool share: one choice per release.'),
  os: z.enum(['linux', 'windows']).default('linux').describe('Operating system.'),
  spread: z
    .strictObject({
      zone: spread.default('prefer').describe('Over zones.'),
      node: spread.default('prefer').describe('Over machines.'),
    })
    .prefault({})
    .describe('How instances are spread.'),
  require: wishes.optional().describe('Labels a machine must have; one of the values each.'),
  prefer: wishes.optional().describe('Labels a machine had better have.'),
  tolerate: z
    .union([z.literal('any'), hinted(named(label, text), { dataKeys: true })])
    .optional()
    .describe('Taints that are accepted: `any`, or values by key.'),
})

export const lowerPlacement = (value: z.output<typeof placement>): Placement => ({
  capacity: value.capacity,
  spot: value.spot,
  pool: value.pool,
  arch: value.arch,
  os: value.os,
  spread: value.spread,
  require: value.require ?? {},
  prefer: value.prefer ?? {},
  tolerate: value.tolerate === 'any' ? { '*': 'any' } : (value.tolerate ?? {}),
})
