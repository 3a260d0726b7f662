/** What many routes share: pages, environments, cursors. */
import * as z from 'zod'
import { defaultEnvironment } from '../../model/app.ts'
import { name, repeated, text, volumeName, wholeNumber } from './text.ts'

export const environment = name.default(defaultEnvironment).describe('Environment of the app.')

export const pageQuery = {
  after: z.string().min(1).max(2048).optional().describe('`next` of the page before.'),
  limit: wholeNumber(1, 500).optional().describe('Most items wanted; a page may hold fewer.'),
}

export const appQuery = z.strictObject({ environment })
export const appPageQuery = z.strictObject({ environment, ...pageQuery })
export const installationPageQuery = z.strictObject(pageQuery)

/** `next` is absent on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item).readonly(), next: z.string().optional() })

export const waitSeconds = wholeNumber(0, 20).describe('Seconds to wait for something new before answering.')

export const units = z.array(name).min(1).max(100).readonly()
export const deleteVolumes = repeated(volumeName, 100)
export const note = text(1000)

/** Any JSON object: native fragments, event data. */
export const anyObject = z.record(z.string(), z.unknown())
