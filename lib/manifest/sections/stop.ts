/** `stop`: leave traffic, wait `drain`, `exec` if any, signal, wait `grace`, kill. */
import * as z from 'zod'
import { parseDuration } from '../../core/units/duration.ts'
import type { Stop } from '../../model/unit.ts'
import { hinted } from '../grammar/hints.ts'
import { duration } from '../grammar/quantity.ts'
import { signal, text } from '../grammar/text.ts'

export const stop = z.strictObject({
  signal: signal.optional().describe("Absent: the image's own, else SIGTERM."),
  grace: duration.default('10s').describe('Time between the signal and the kill.'),
  drain: duration
    .optional()
    .describe('Time between leaving traffic and the signal. Absent: 5s with a route, else none.'),
  exec: hinted(z.array(text), { commandLine: true }).optional().describe('Command that is run before the signal.'),
})

/** Long enough for every proxy to learn that an instance has left, short enough not to be felt. */
const routedDrainMs = 5000

export const lowerStop = (value: z.output<typeof stop>, routed: boolean): Stop => ({
  signal: value.signal,
  graceMs: parseDuration(value.grace) ?? 0,
  drainMs: value.drain === undefined ? (routed ? routedDrainMs : 0) : (parseDuration(value.drain) ?? 0),
  exec: value.exec === undefined || value.exec.length === 0 ? undefined : value.exec,
})
