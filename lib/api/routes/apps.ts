/** Apps: what there is, what it does, and the actions that start a deployment. */
import * as z from 'zod'
import { seesApp } from '../../control/access/grants.ts'
import type { AppKey } from '../../model/app.ts'
import type { DeploymentRecord } from '../../control/records.ts'
import { appView, statusView } from '../present/app.ts'
import { deploymentView } from '../present/deploy.ts'
import { keyOf, route } from '../route.ts'
import type { UseCases } from '../use-cases.ts'
import { app, appStatus } from '../schemas/app.ts'
import { appQuery, deleteVolumes, environment, installationPageQuery, pageOf, units } from '../schemas/common.ts'
import { deployment } from '../schemas/deploy.ts'
import { name } from '../schemas/text.ts'

const countsBody = z.strictObject({
  services: z
    .record(name, z.number().int().min(0).max(10_000))
    .refine((counts) => Object.keys(counts).length > 0, {
      params: { code: 'out-of-range', expected: 'name at least one service' },
    })
    .meta({ minProperties: 1 })
    .describe('Instances by service.'),
})

const someUnits = z.strictObject({ services: units.optional().describe('Absent: all of them.') })

const rollbackBody = z.strictObject({
  toRelease: z.number().int().min(1).max(1_000_000_000).optional().describe('Absent: the last good one before.'),
})

export const locationOf = (record: DeploymentRecord): string => {
  const { project, app: appName, environment: environmentName } = record.key
  return `/v1/projects/${project}/apps/${appName}/deployments/${record.id}?environment=${environmentName}`
}

/** The answer of everything that starts a deployment: follow it at the location. */
export const started = (record: DeploymentRecord) => ({ body: deploymentView(record), location: locationOf(record) })

export const startedFacts = (record: DeploymentRecord) => ({
  deployment: record.id,
  kind: record.kind,
  release: record.release,
})

/** What an app was before an action, for the audit. */
export async function before(useCases: UseCases, key: AppKey) {
  const record = await useCases.getApp(key)
  return {
    release: record.current ?? null,
    stopped: record.runtime.stopped,
    counts: Object.fromEntries(Object.entries(record.runtime.counts).map(([unit, set]) => [unit, set.count])),
  }
}

const selected = (services: readonly string[] | undefined) => (services === undefined ? {} : { services })

export const appRoutes = {
  listApps: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps',
    summary: 'Apps of a project that the token sees, in all environments',
    tag: 'apps',
    needs: 'app.list',
    query: installationPageQuery,
    status: 200,
    answer: pageOf(app),
    async handler({ useCases, params, query, principal }) {
      const page = await useCases.listApps(params.project, query)
      const items = page.items.filter((item) => seesApp(principal.grants, params.project, item.key.app)).map(appView)
      return { body: { items, ...(page.next !== undefined && { next: page.next }) } }
    },
  }),
  getApp: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}',
    summary: 'One app',
    tag: 'apps',
    needs: 'app.read',
    query: appQuery,
    status: 200,
    answer: app,
    handler: async ({ useCases, params, query }) => ({
      body: appView(await useCases.getApp(keyOf(params, query.environment))),
    }),
  }),
  getStatus: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/status',
    summary: 'What runs now: units, instances, routes',
    tag: 'apps',
    needs: 'app.read',
    query: appQuery,
    status: 200,
    answer: appStatus,
    refusals: [503],
    handler: async ({ useCases, params, query }) => ({
      body: statusView(await useCases.statusOf(keyOf(params, query.environment))),
    }),
  }),
  removeApp: route({
    method: 'DELETE',
    path: '/v1/projects/{project}/apps/{app}',
    summary: 'Remove an app; volumes and secrets stay unless named',
    tag: 'apps',
    needs: 'app.remove',
    query: z.strictObject({
      environment,
      deleteVolume: deleteVolumes.default([]).describe('A volume to delete with its data; may stand several times.'),
    }),
    status: 202,
    answer: deployment,
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, note }) {
      const key = keyOf(params, query.environment)
      note({ before: await before(useCases, key) })
      const record = await useCases.removeApp(actor, key, { deleteVolumes: query.deleteVolume })
      note({ after: { ...startedFacts(record), deleteVolumes: query.deleteVolume } })
      return started(record)
    },
  }),
  rollback: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/rollback',
    summary: 'Go back to an earlier release',
    tag: 'actions',
    needs: 'app.operate',
    query: appQuery,
    body: rollbackBody,
    bodyOptional: true,
    status: 202,
    answer: deployment,
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, body, note }) {
      const key = keyOf(params, query.environment)
      note({ before: await before(useCases, key) })
      const options = body.toRelease === undefined ? {} : { toRelease: body.toRelease }
      const record = await useCases.rollbackApp(actor, key, options)
      note({ after: startedFacts(record) })
      return started(record)
    },
  }),
  scale: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/scale',
    summary: 'Set how many instances services have, without a new release',
    tag: 'actions',
    needs: 'app.operate',
    query: appQuery,
    body: countsBody,
    status: 202,
    answer: deployment,
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, body, note }) {
      const key = keyOf(params, query.environment)
      note({ before: await before(useCases, key) })
      const record = await useCases.scaleApp(actor, key, body.services)
      note({ after: { ...startedFacts(record), counts: body.services } })
      return started(record)
    },
  }),
  restart: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/restart',
    summary: 'Replace instances by new ones of the same release',
    tag: 'actions',
    needs: 'app.operate',
    query: appQuery,
    body: someUnits,
    bodyOptional: true,
    status: 202,
    answer: deployment,
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, body, note }) {
      const key = keyOf(params, query.environment)
      note({ before: await before(useCases, key) })
      const record = await useCases.restartApp(actor, key, selected(body.services))
      note({ after: { ...startedFacts(record), ...selected(body.services) } })
      return started(record)
    },
  }),
  stop: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/stop',
    summary: 'Stop services; data, names and routes stay',
    tag: 'actions',
    needs: 'app.operate',
    query: appQuery,
    body: someUnits,
    bodyOptional: true,
    status: 202,
    answer: deployment,
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, body, note }) {
      const key = keyOf(params, query.environment)
      note({ before: await before(useCases, key) })
      const record = await useCases.stopApp(actor, key, selected(body.services))
      note({ after: { ...startedFacts(record), ...selected(body.services) } })
      return started(record)
    },
  }),
  start: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/start',
    summary: 'Start services that were stopped',
    tag: 'actions',
    needs: 'app.operate',
    query: appQuery,
    body: someUnits,
    bodyOptional: true,
    status: 202,
    answer: deployment,
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, body, note }) {
      const key = keyOf(params, query.environment)
      note({ before: await before(useCases, key) })
      const record = await useCases.startApp(actor, key, selected(body.services))
      note({ after: { ...startedFacts(record), ...selected(body.services) } })
      return started(record)
    },
  }),
}
