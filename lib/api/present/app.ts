/** Apps, their status, runs, events and log lines, from inside to the wire. */
import type * as z from 'zod'
import { formatTime } from '../../core/time.ts'
import type { ObservedInstance } from '../../model/observed.ts'
import type { AppRecord, RunRecord } from '../../control/records.ts'
import type * as wire from '../schemas/app.ts'
import type { AppStatus, NumberedEvent } from '../../control/queries.ts'
import type { LogLine } from '../../targets/target.ts'
import { deploymentSummaryView } from './deploy.ts'

export const appView = (record: AppRecord): z.input<typeof wire.app> => ({
  project: record.key.project,
  name: record.key.app,
  environment: record.key.environment,
  cluster: record.cluster,
  createdAt: formatTime(record.createdAtMs),
  ...(record.current !== undefined && { release: record.current }),
  ...(record.lastGood !== undefined && { lastGood: record.lastGood }),
  deploying: record.active !== undefined,
  stopped: record.runtime.stopped,
  counts: Object.fromEntries(Object.entries(record.runtime.counts).map(([unit, set]) => [unit, set.count])),
  ...(record.removedAtMs !== undefined && { removedAt: formatTime(record.removedAtMs) }),
})

const instanceView = (instance: ObservedInstance): z.input<typeof wire.instance> => ({
  id: instance.nativeId,
  ...(instance.slot !== undefined && { slot: instance.slot }),
  state: instance.state,
  wanted: instance.wanted,
  since: formatTime(instance.sinceMs),
  ...(instance.exitCode !== undefined && { exitCode: instance.exitCode }),
  ...(instance.reason !== undefined && { reason: instance.reason }),
  ...(instance.node !== undefined && { node: instance.node }),
  ...(instance.image !== undefined && { image: instance.image }),
  ...(instance.addresses !== undefined && { addresses: { ...instance.addresses } }),
  ...(instance.hostPorts !== undefined && { hostPorts: instance.hostPorts }),
})

export const statusView = (status: AppStatus): z.input<typeof wire.appStatus> => ({
  ...appView(status.app),
  ...(status.deployment !== undefined && { deployment: deploymentSummaryView(status.deployment) }),
  ...(status.observedAtMs !== undefined && { observedAt: formatTime(status.observedAtMs) }),
  units: status.units.map((unit) => ({ ...unit, instances: unit.instances.map(instanceView) })),
  routes: status.routes,
  volumes: status.volumes,
})

export const runView = (record: RunRecord): z.input<typeof wire.run> => ({
  id: record.id,
  project: record.key.project,
  app: record.key.app,
  environment: record.key.environment,
  job: record.job,
  release: record.release,
  trigger: record.trigger,
  by: record.by,
  state: record.state,
  createdAt: formatTime(record.createdAtMs),
  ...(record.scheduledAtMs !== undefined && { scheduledAt: formatTime(record.scheduledAtMs) }),
  ...(record.startedAtMs !== undefined && { startedAt: formatTime(record.startedAtMs) }),
  ...(record.endedAtMs !== undefined && { endedAt: formatTime(record.endedAtMs) }),
  ...(record.exitCode !== undefined && { exitCode: record.exitCode }),
  failedInstances: record.failedInstances,
  ...(record.reason !== undefined && { reason: record.reason }),
})

export const eventView = (event: NumberedEvent): z.input<typeof wire.event> => ({
  seq: event.seq,
  id: event.id,
  at: formatTime(event.atMs),
  type: event.type,
  subject: event.subject,
  actor: event.actor,
  ...(event.reason !== undefined && { reason: event.reason }),
  data: event.data,
})

export const logLineView = (line: LogLine): z.input<typeof wire.logLine> => ({
  at: formatTime(line.atMs),
  unit: line.unit,
  instance: line.instance,
  stream: line.stream,
  text: line.text,
})
