/** Runs of jobs. */
import * as z from 'zod'
import { runView } from '../present/app.ts'
import { keyOf, route } from '../route.ts'
import { run, startRunBody } from '../schemas/app.ts'
import { appQuery, environment, pageOf, pageQuery } from '../schemas/common.ts'
import { name } from '../schemas/text.ts'

export const runRoutes = {
  listRuns: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/runs',
    summary: 'Runs of the jobs of an app, newest first',
    tag: 'runs',
    needs: 'app.read',
    query: z.strictObject({ environment, job: name.optional(), ...pageQuery }),
    status: 200,
    answer: pageOf(run),
    async handler({ useCases, params, query }) {
      const { environment: environmentName, job, ...page } = query
      const found = await useCases.listRuns(keyOf(params, environmentName), job, page)
      return { body: { items: found.items.map(runView), ...(found.next !== undefined && { next: found.next }) } }
    },
  }),
  startRun: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/runs',
    summary: 'Run a job now',
    tag: 'runs',
    needs: 'app.operate',
    query: appQuery,
    body: startRunBody,
    secretBody: true,
    status: 202,
    answer: run,
    refusals: [503],
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, body, note }) {
      const record = await useCases.startRun(actor, keyOf(params, query.environment), body.job, {
        ...(body.command !== undefined && { command: body.command }),
        ...(body.env !== undefined && { env: body.env }),
      })
      note({ after: { run: record.id, job: record.job, env: Object.keys(body.env ?? {}) } })
      const { project, app } = params
      const location = `/v1/projects/${project}/apps/${app}/runs/${record.id}?environment=${query.environment}`
      return { body: runView(record), location }
    },
  }),
  getRun: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/runs/{run}',
    summary: 'One run',
    tag: 'runs',
    needs: 'app.read',
    query: appQuery,
    status: 200,
    answer: run,
    handler: async ({ useCases, params, query }) => ({
      body: runView(await useCases.getRun(keyOf(params, query.environment), params.run)),
    }),
  }),
  cancelRun: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/runs/{run}/cancel',
    summary: 'End a run',
    tag: 'runs',
    needs: 'app.operate',
    query: appQuery,
    status: 202,
    answer: run,
    refusals: [503],
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, note }) {
      const record = await useCases.cancelRun(actor, keyOf(params, query.environment), params.run)
      note({ after: { run: record.id, job: record.job, state: record.state } })
      return { body: runView(record) }
    },
  }),
}
