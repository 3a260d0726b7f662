/** Apps, their status, runs, events and logs on the wire. */
import * as z from 'zod'
import { eventTypes } from '../../core/events.ts'
import type { EventType } from '../../core/events.ts'
import { anyObject } from './common.ts'
import { deploymentSummary } from './deploy.ts'
import { envNamePattern, line, name, text, when } from './text.ts'

const appFields = {
  project: z.string(),
  name: z.string(),
  environment: z.string(),
  cluster: z.string(),
  createdAt: when,
  release: z.number().int().optional().describe('Release that runs.'),
  lastGood: z.number().int().optional(),
  deploying: z.boolean(),
  stopped: z.array(z.string()).readonly().describe('Units that were stopped; `*` is the whole app.'),
  counts: z.record(z.string(), z.number().int()).describe('Counts that were set by hand.'),
  removedAt: when.optional().describe('Only kept data is left since then.'),
}

export const app = z.object(appFields).meta({ id: 'App' })

export const instance = z
  .object({
    id: z.string(),
    slot: z.string().optional(),
    state: z.enum(['pending', 'starting', 'ready', 'unready', 'stopping', 'completed', 'failed']),
    wanted: z.boolean(),
    since: when,
    exitCode: z.number().int().optional(),
    reason: z.string().optional(),
    node: z.string().optional(),
    image: z.string().optional(),
    addresses: z.record(z.string(), z.string()).optional(),
    hostPorts: z
      .array(z.object({ port: z.number().int(), protocol: z.enum(['tcp', 'udp']), hostPort: z.number().int() }))
      .readonly()
      .optional(),
  })
  .meta({ id: 'Instance' })

export const unitStatus = z
  .object({
    name: z.string(),
    kind: z.enum(['service', 'job']),
    mode: z.string().optional(),
    desired: z.number().int().optional(),
    ready: z.number().int(),
    stopped: z.boolean(),
    instances: z.array(instance).readonly(),
  })
  .meta({ id: 'UnitStatus' })

export const appStatus = z
  .object({
    ...appFields,
    deployment: deploymentSummary.optional().describe('The deployment under way, else the last one.'),
    observedAt: when.optional(),
    units: z.array(unitStatus).readonly(),
    routes: z.array(z.object({ service: z.string(), route: z.string(), url: z.string() })).readonly(),
    volumes: z.array(z.string()).readonly(),
  })
  .meta({ id: 'AppStatus' })

export const run = z
  .object({
    id: z.string(),
    project: z.string(),
    app: z.string(),
    environment: z.string(),
    job: z.string(),
    release: z.number().int(),
    trigger: z.enum(['manual', 'schedule', 'release', 'verify']),
    by: z.string(),
    state: z.enum(['pending', 'running', 'succeeded', 'failed', 'cancelled', 'skipped']),
    createdAt: when,
    scheduledAt: when.optional(),
    startedAt: when.optional(),
    endedAt: when.optional(),
    exitCode: z.number().int().optional(),
    failedInstances: z.number().int(),
    reason: z.string().optional(),
  })
  .meta({ id: 'Run' })

export const command = z.array(text(32_768)).min(1).max(256).readonly()

export const startRunBody = z.strictObject({
  job: name,
  command: command.optional(),
  env: z.record(z.string().regex(envNamePattern), text(32_768)).optional(),
})

const types = Object.keys(eventTypes) as [EventType, ...EventType[]]

export const event = z
  .object({
    seq: z.number().int(),
    id: z.string(),
    at: when,
    type: z.enum(types),
    subject: z.string(),
    actor: z.string(),
    reason: z.string().optional(),
    data: anyObject,
  })
  .meta({ id: 'Event' })

/** Unlike a page, a stream has no end: `next` is always there, and is what to ask for next. */
export const eventsAnswer = z.object({ items: z.array(event).readonly(), next: z.number().int() })

export const logLine = z
  .object({
    at: when,
    unit: z.string(),
    instance: z.string(),
    stream: z.enum(['stdout', 'stderr']),
    text: z.string(),
  })
  .meta({ id: 'LogLine' })

export const logsAnswer = z.object({ items: z.array(logLine).readonly(), next: z.string() })

export const execBody = z.strictObject({
  service: name,
  instance: line(256).optional().describe('Absent: any one that runs.'),
  command,
  tty: z.boolean().default(false),
})

export const execTicket = z
  .object({
    url: z.string().describe('WebSocket that carries the command: one channel byte a frame.'),
    expiresAt: when,
  })
  .meta({ id: 'ExecTicket', description: 'Opens one stream, once.' })
