/** Manifests become plans, plans become deployments, deployments leave releases. */
import * as z from 'zod'
import { EscaleError, problem } from '../../core/errors.ts'
import { hasErrors } from '../../core/problems.ts'
import type { AppKey } from '../../model/app.ts'
import { refuseRequest } from '../answer.ts'
import { pointerOf } from '../check/issues.ts'
import { problemView, requestProblem } from '../present/problems.ts'
import { deploymentSummaryView, deploymentView, planView, releaseSummaryView, releaseView } from '../present/deploy.ts'
import { keyOf, route } from '../route.ts'
import type { DeployRequest, ManifestRequest, Uploads } from '../use-cases.ts'
import { appPageQuery, appQuery, environment, pageOf, waitSeconds } from '../schemas/common.ts'
import {
  deployBody,
  deployment,
  deploymentSummary,
  manifestBodyLimitBytes,
  plan,
  planBody,
  release,
  releaseSummary,
  validateBody,
  validation,
} from '../schemas/deploy.ts'
import { startedFacts, started } from './apps.ts'

type ManifestBody = z.output<typeof validateBody>
type PlanBody = z.output<typeof planBody>

const manifestRequest = (body: ManifestBody): ManifestRequest => ({
  manifest: body.manifest,
  files: Object.fromEntries(Object.entries(body.files).map(([path, data]) => [path, Buffer.from(data, 'base64')])),
  params: body.params,
  ...(body.environment !== undefined && { environment: body.environment }),
  ...(body.cluster !== undefined && { cluster: body.cluster }),
  ...(body.strict !== undefined && { strict: body.strict }),
})

const notOffered = (): EscaleError => {
  const message = 'This installation takes no build contexts.'
  const fix = 'Build the image elsewhere, push it to a registry, and name it under `image`.'
  return new EscaleError('not-offered', message, { problems: [problem('not-offered', message, { fix })] })
}

/** The archives behind the uploads that a request names. */
async function contextsOf(
  uploads: Uploads | undefined,
  key: AppKey,
  named: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const found: Record<string, Uint8Array> = {}
  for (const [path, id] of Object.entries(named)) {
    if (uploads === undefined) throw notOffered()
    const archive = await uploads.get(key, id)
    if (archive === undefined) {
      const message = `There is no upload ${JSON.stringify(id)} of this app and environment; it may have been removed since.`
      refuseRequest([requestProblem('unknown-reference', message, { pointer: pointerOf(['contexts', path]) })])
    } else found[path] = archive
  }
  return found
}

async function deployRequest(
  uploads: Uploads | undefined,
  params: { readonly project: string; readonly app: string },
  body: PlanBody,
): Promise<DeployRequest> {
  const request = { ...manifestRequest(body), project: params.project, app: params.app }
  if (body.contexts === undefined) return request
  return { ...request, contexts: await contextsOf(uploads, keyOf(params, body.environment), body.contexts) }
}

/** A release is addressed by its number. */
function releaseNumber(text: string): number {
  const number = Number(text)
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new EscaleError('not-found', `There is no release ${JSON.stringify(text)}: releases are numbered from 1.`)
  }
  return number
}

export const deploymentRoutes = {
  validateManifest: route({
    method: 'POST',
    path: '/v1/validate',
    summary: 'Check a manifest: its problems, long form and ledger',
    tag: 'deployments',
    needs: 'manifest.validate',
    body: validateBody,
    bodyLimitBytes: manifestBodyLimitBytes,
    status: 200,
    answer: validation,
    refusals: [409, 503],
    async handler({ useCases, body }) {
      const view = await useCases.validateManifest(manifestRequest(body))
      return {
        body: {
          valid: !hasErrors(view.problems),
          problems: view.problems.map(problemView),
          ...(view.manifest !== undefined && { manifest: view.manifest }),
          ledger: view.ledger,
        },
      }
    },
  }),
  planApp: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/plans',
    summary: 'Say what a deployment would do; nothing is written',
    tag: 'deployments',
    needs: 'app.plan',
    newApp: true,
    body: planBody,
    bodyLimitBytes: manifestBodyLimitBytes,
    status: 200,
    answer: plan,
    refusals: [409, 502, 503],
    handler: async ({ useCases, uploads, actor, params, body }) => ({
      body: planView(await useCases.planApp(actor, await deployRequest(uploads, params, body))),
    }),
  }),
  deploy: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/deployments',
    summary: 'Deploy a manifest; follow the deployment at its location',
    tag: 'deployments',
    needs: 'app.deploy',
    newApp: true,
    body: deployBody,
    bodyLimitBytes: manifestBodyLimitBytes,
    status: 202,
    answer: deployment,
    refusals: [502, 503],
    write: { repeat: 'continue' },
    async handler({ useCases, uploads, actor, params, body, idempotencyKey, note }) {
      const record = await useCases.deployApp(actor, {
        ...(await deployRequest(uploads, params, body)),
        ...(body.planHash !== undefined && { planHash: body.planHash }),
        ...(body.note !== undefined && { note: body.note }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      })
      note({ before: { release: record.fallback ?? null }, after: startedFacts(record) })
      return started(record)
    },
  }),
  listDeployments: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/deployments',
    summary: 'Deployments of an app, newest first',
    tag: 'deployments',
    needs: 'app.read',
    query: appPageQuery,
    status: 200,
    answer: pageOf(deploymentSummary),
    async handler({ useCases, params, query }) {
      const { environment: environmentName, ...page } = query
      const found = await useCases.listDeployments(keyOf(params, environmentName), page)
      return {
        body: { items: found.items.map(deploymentSummaryView), ...(found.next !== undefined && { next: found.next }) },
      }
    },
  }),
  getDeployment: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/deployments/{deployment}',
    summary: 'One deployment; with `wait`, answers once it has ended or asks for an approval',
    tag: 'deployments',
    needs: 'app.read',
    query: z.strictObject({ environment, wait: waitSeconds.default(0) }),
    status: 200,
    answer: deployment,
    async handler({ useCases, params, query, signal }) {
      const key = keyOf(params, query.environment)
      const record =
        query.wait === 0
          ? await useCases.getDeployment(key, params.deployment)
          : await useCases.waitForDeployment(key, params.deployment, query.wait * 1000, signal)
      return { body: deploymentView(record) }
    },
  }),
  approveDeployment: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/deployments/{deployment}/approve',
    summary: 'Approve a deployment that waits for it',
    tag: 'deployments',
    needs: 'app.approve',
    query: appQuery,
    status: 202,
    answer: deployment,
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, note }) {
      const key = keyOf(params, query.environment)
      note({ before: { state: (await useCases.getDeployment(key, params.deployment)).state } })
      const record = await useCases.approveDeployment(actor, key, params.deployment)
      note({ after: { ...startedFacts(record), state: record.state } })
      return started(record)
    },
  }),
  cancelDeployment: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/deployments/{deployment}/cancel',
    summary: 'Stop going forward, and roll back unless `leave` is set',
    tag: 'deployments',
    needs: 'app.operate',
    query: appQuery,
    body: z.strictObject({ leave: z.boolean().default(false).describe('Leave things as they are.') }),
    bodyOptional: true,
    status: 202,
    answer: deployment,
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, query, body, note }) {
      const key = keyOf(params, query.environment)
      note({ before: { state: (await useCases.getDeployment(key, params.deployment)).state } })
      const record = await useCases.cancelDeployment(actor, key, params.deployment, { leave: body.leave })
      note({ after: { ...startedFacts(record), state: record.state, leave: body.leave } })
      return started(record)
    },
  }),
  listReleases: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/releases',
    summary: 'Releases of an app, newest first',
    tag: 'releases',
    needs: 'app.read',
    query: appPageQuery,
    status: 200,
    answer: pageOf(releaseSummary),
    async handler({ useCases, params, query }) {
      const { environment: environmentName, ...page } = query
      const found = await useCases.listReleases(keyOf(params, environmentName), page)
      return {
        body: { items: found.items.map(releaseSummaryView), ...(found.next !== undefined && { next: found.next }) },
      }
    },
  }),
  getRelease: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/releases/{release}',
    summary: 'One release with its manifest',
    tag: 'releases',
    needs: 'app.read',
    query: appQuery,
    status: 200,
    answer: release,
    handler: async ({ useCases, params, query }) => ({
      body: releaseView(await useCases.getRelease(keyOf(params, query.environment), releaseNumber(params.release))),
    }),
  }),
  uploadContext: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/uploads',
    summary: 'Hand over a build context as a tar archive',
    tag: 'deployments',
    needs: 'app.upload',
    newApp: true,
    query: appQuery,
    takesArchive: true,
    bodyLimitBytes: 512 * 1024 * 1024,
    status: 201,
    answer: z.object({ id: z.string(), digest: z.string(), sizeBytes: z.number().int() }).meta({ id: 'Upload' }),
    refusals: [422],
    write: { repeat: 'never' },
    async handler({ uploads, archive, params, query, note }) {
      if (uploads === undefined || archive === undefined) throw notOffered()
      const kept = await uploads.put(keyOf(params, query.environment), archive)
      note({ after: { id: kept.id, digest: kept.digest, sizeBytes: kept.sizeBytes } })
      return { body: kept }
    },
  }),
}
