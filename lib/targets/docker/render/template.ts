/**
 * The hash of what makes instances, inside the template itself as a label of the containers: it changes exactly
 * when the template does, so it restarts nothing by itself, and tells new tasks from old ones.
 */
import { shortHash } from '../../../core/hash.ts'
import type { JsonObject } from '../../../core/hash.ts'
import { objectOf } from '../json.ts'

export const templateLabel = 'io.escale.template'

export function withTemplate(body: JsonObject): { readonly body: JsonObject; readonly template: string } {
  const task = objectOf(body['TaskTemplate'])
  const container = objectOf(task['ContainerSpec'])
  // Published ports belong to it: swarm replaces tasks when they change.
  const template = shortHash({ task, ports: objectOf(body['EndpointSpec'])['Ports'] ?? [] }, 16)
  const labels = { ...objectOf(container['Labels']), [templateLabel]: template }
  return { template, body: { ...body, TaskTemplate: { ...task, ContainerSpec: { ...container, Labels: labels } } } }
}
