/** Projects, their volumes and their audit. */
import * as z from 'zod'
import { EscaleError } from '../../core/errors.ts'
import { judge, seesProject } from '../../control/access/grants.ts'
import { readAudit } from '../../control/audit.ts'
import { allowDangerous, createProject, getProject, listProjects, removeProject } from '../../control/projects.ts'
import { noProject, notAllowed } from '../gate.ts'
import { auditView, projectView, volumeView } from '../present/access.ts'
import { route } from '../route.ts'
import { auditAnswer, changeProjectBody, createProjectBody, project } from '../schemas/access.ts'
import { clusterQuery, volume } from '../schemas/cluster.ts'
import { installationPageQuery, pageOf } from '../schemas/common.ts'
import { wholeNumber } from '../schemas/text.ts'

const auditQuery = z.strictObject({
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0).describe('`next` of the answer before.'),
  limit: wholeNumber(1, 500).default(100),
})

export const projectRoutes = {
  listProjects: route({
    method: 'GET',
    path: '/v1/projects',
    summary: 'Projects that the token sees',
    tag: 'projects',
    needs: 'project.list',
    query: installationPageQuery,
    status: 200,
    answer: pageOf(project),
    async handler({ deps, query, principal }) {
      const page = await listProjects(deps, query)
      const items = page.items.filter((item) => seesProject(principal.grants, item.name)).map(projectView)
      return { body: { items, ...(page.next !== undefined && { next: page.next }) } }
    },
  }),
  createProject: route({
    method: 'POST',
    path: '/v1/projects',
    summary: 'Make a project',
    tag: 'projects',
    needs: 'self.read',
    body: createProjectBody,
    status: 201,
    answer: project,
    refusals: [403],
    write: { repeat: 'refuse' },
    async handler({ deps, actor, principal, body, note }) {
      note({ resource: `project:${body.name}` })
      // The same refusal whether the project exists or not.
      if (judge(principal.grants, 'project.create', { project: body.name }) !== 'allowed') {
        throw new EscaleError('forbidden', 'This needs the role owner on the project to be made, or on `*`.')
      }
      if (body.allow.length > 0 && judge(principal.grants, 'project.allowDangerous', {}) !== 'allowed') {
        throw notAllowed('project.allowDangerous')
      }
      const record = await createProject(deps, actor, body.name, body.allow)
      note({ after: { allow: record.grants } })
      return { body: projectView(record), location: `/v1/projects/${record.name}` }
    },
  }),
  getProject: route({
    method: 'GET',
    path: '/v1/projects/{project}',
    summary: 'One project',
    tag: 'projects',
    needs: 'project.read',
    status: 200,
    answer: project,
    async handler({ deps, params }) {
      const record = await getProject(deps, params.project)
      if (record === undefined) throw noProject(params.project)
      return { body: projectView(record) }
    },
  }),
  changeProject: route({
    method: 'PATCH',
    path: '/v1/projects/{project}',
    summary: 'Set the dangerous options that the apps of a project may use',
    tag: 'projects',
    needs: 'project.allowDangerous',
    body: changeProjectBody,
    status: 200,
    answer: project,
    write: { repeat: 'continue' },
    async handler({ deps, actor, params, body, note }) {
      const { before, after } = await allowDangerous(deps, actor, params.project, body.allow)
      note({ before: { allow: before.grants }, after: { allow: after.grants } })
      return { body: projectView(after) }
    },
  }),
  removeProject: route({
    method: 'DELETE',
    path: '/v1/projects/{project}',
    summary: 'Remove an empty project',
    tag: 'projects',
    needs: 'project.remove',
    status: 204,
    write: { repeat: 'refuse' },
    async handler({ deps, actor, params, note }) {
      const before = await removeProject(deps, actor, params.project)
      note({ before: { allow: before.grants } })
      return { body: undefined }
    },
  }),
  listVolumes: route({
    method: 'GET',
    path: '/v1/projects/{project}/volumes',
    summary: 'Volumes of a project on a cluster',
    tag: 'volumes',
    needs: 'volume.read',
    query: clusterQuery,
    status: 200,
    answer: pageOf(volume),
    refusals: [409, 503],
    async handler({ useCases, params, query }) {
      const volumes = await useCases.listVolumes(query.cluster, params.project)
      return { body: { items: volumes.map(volumeView) } }
    },
  }),
  removeVolume: route({
    method: 'DELETE',
    path: '/v1/projects/{project}/volumes/{volume}',
    summary: 'Delete a volume and its data',
    tag: 'volumes',
    needs: 'volume.remove',
    query: clusterQuery,
    status: 204,
    refusals: [503],
    write: { repeat: 'continue' },
    async handler({ useCases, actor, params, query, note }) {
      note({ resource: `${params.project}/volume:${params.volume}` })
      const volumes = await useCases.listVolumes(query.cluster, params.project)
      const found = volumes.find((item) => item.nativeName === params.volume)
      if (found === undefined || found.app?.project !== params.project) {
        throw new EscaleError(
          'not-found',
          `There is no volume ${JSON.stringify(params.volume)} of project ${JSON.stringify(params.project)} on cluster ${JSON.stringify(query.cluster)}.`,
        )
      }
      await useCases.removeVolume(actor, query.cluster, params.volume)
      note({ before: { cluster: query.cluster, volume: found.name, nativeName: found.nativeName } })
      return { body: undefined }
    },
  }),
  readProjectAudit: route({
    method: 'GET',
    path: '/v1/projects/{project}/audit',
    summary: 'Writes in a project, refused ones too',
    tag: 'audit',
    needs: 'audit.read',
    query: auditQuery,
    status: 200,
    answer: auditAnswer,
    async handler({ deps, params, query }) {
      const { items, next } = await readAudit(deps, params.project, query.after, query.limit)
      return { body: { items: items.map(auditView), next } }
    },
  }),
  readAudit: route({
    method: 'GET',
    path: '/v1/audit',
    summary: 'All writes, refused ones too',
    tag: 'audit',
    needs: 'audit.readAll',
    query: auditQuery,
    status: 200,
    answer: auditAnswer,
    async handler({ deps, query }) {
      const { items, next } = await readAudit(deps, undefined, query.after, query.limit)
      return { body: { items: items.map(auditView), next } }
    },
  }),
}
