/** Clusters, nodes and housekeeping. */
import { EscaleError } from '../../core/errors.ts'
import { clusterView, nodeView } from '../present/access.ts'
import { route } from '../route.ts'
import { addClusterBody, changeNodeBody, cluster, node, reclaimBody, unused } from '../schemas/cluster.ts'
import { installationPageQuery, pageOf } from '../schemas/common.ts'

export const clusterRoutes = {
  listClusters: route({
    method: 'GET',
    path: '/v1/clusters',
    summary: 'Clusters',
    tag: 'clusters',
    needs: 'cluster.read',
    query: installationPageQuery,
    status: 200,
    answer: pageOf(cluster),
    async handler({ useCases, query }) {
      const page = await useCases.listClusters(query)
      return { body: { items: page.items.map(clusterView), ...(page.next !== undefined && { next: page.next }) } }
    },
  }),
  addCluster: route({
    method: 'POST',
    path: '/v1/clusters',
    summary: 'Make a cluster known',
    tag: 'clusters',
    needs: 'cluster.add',
    body: addClusterBody,
    status: 201,
    answer: cluster,
    refusals: [503],
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, body, note }) {
      note({ resource: `cluster:${body.name}` })
      const record = await useCases.addCluster(actor, {
        name: body.name,
        kind: body.kind,
        ...(body.domain !== undefined && { domain: body.domain }),
      })
      note({ after: { kind: record.kind, domain: record.domain ?? null } })
      return { body: clusterView(record), location: `/v1/clusters/${record.name}` }
    },
  }),
  getCluster: route({
    method: 'GET',
    path: '/v1/clusters/{cluster}',
    summary: 'One cluster',
    tag: 'clusters',
    needs: 'cluster.read',
    status: 200,
    answer: cluster,
    refusals: [404],
    handler: async ({ useCases, params }) => ({ body: clusterView(await useCases.getCluster(params.cluster)) }),
  }),
  listNodes: route({
    method: 'GET',
    path: '/v1/clusters/{cluster}/nodes',
    summary: 'Machines of a cluster',
    tag: 'nodes',
    needs: 'node.read',
    status: 200,
    answer: pageOf(node),
    refusals: [404, 409, 503],
    async handler({ useCases, params }) {
      const nodes = await useCases.listNodes(params.cluster)
      return { body: { items: nodes.map(nodeView) } }
    },
  }),
  changeNode: route({
    method: 'PATCH',
    path: '/v1/clusters/{cluster}/nodes/{node}',
    summary: 'Drain a machine, or make it available again',
    tag: 'nodes',
    needs: 'node.change',
    body: changeNodeBody,
    status: 204,
    refusals: [404, 503],
    write: { repeat: 'continue' },
    async handler({ useCases, actor, params, body, note }) {
      note({ resource: `cluster:${params.cluster}/node:${params.node}` })
      const before = (await useCases.listNodes(params.cluster)).find((item) => item.id === params.node)
      if (before === undefined) {
        throw new EscaleError(
          'not-found',
          `There is no node ${JSON.stringify(params.node)} in cluster ${JSON.stringify(params.cluster)}.`,
        )
      }
      await useCases.setNodeAvailability(actor, params.cluster, params.node, body.availability)
      note({ before: { state: before.state }, after: { availability: body.availability } })
      return { body: undefined }
    },
  }),
  reportUnused: route({
    method: 'GET',
    path: '/v1/clusters/{cluster}/housekeeping',
    summary: 'What nobody uses on a cluster',
    tag: 'housekeeping',
    needs: 'housekeeping.read',
    status: 200,
    answer: pageOf(unused),
    refusals: [404, 409, 503],
    handler: async ({ useCases, params }) => ({ body: { items: await useCases.reportUnused(params.cluster) } }),
  }),
  reclaim: route({
    method: 'POST',
    path: '/v1/clusters/{cluster}/housekeeping',
    summary: 'Remove unused things that the report names; answers what was removed',
    tag: 'housekeeping',
    needs: 'housekeeping.reclaim',
    body: reclaimBody,
    status: 200,
    answer: pageOf(unused),
    refusals: [404, 503],
    write: { repeat: 'refuse' },
    async handler({ useCases, actor, params, body, note }) {
      note({ resource: `cluster:${params.cluster}` })
      const wanted = new Set(body.items.map((item) => `${item.kind} ${item.nativeId}`))
      const report = await useCases.reportUnused(params.cluster)
      const items = report.filter((item) => wanted.has(`${item.kind} ${item.nativeId}`))
      const removed = await useCases.reclaim(actor, params.cluster, items)
      note({ before: removed.map((item) => ({ kind: item.kind, name: item.name, sizeBytes: item.sizeBytes })) })
      return { body: { items: removed } }
    },
  }),
}
