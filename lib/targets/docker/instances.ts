/** What instances are called, the same wherever they are spoken of. */
import type { Service, Task } from './engine/types/service.ts'
import { mark } from './labels.ts'

/** Name of the service among those of its app: `web`, or `db-0` for an ordinal. */
export const serviceLabel = (service: Service): string =>
  (service.Spec.Labels?.[mark.resource] ?? '').replace(/^service\//, '')

/** `web-2` by its slot, `agent-host1` by its node, `db-0` by its ordinal, `task-0` within a run. */
export function instanceName(
  service: Service,
  task: Task,
  nodeName: (id: string) => string | undefined,
): string | undefined {
  const { Labels: labels, Mode: mode } = service.Spec
  const unit = labels?.[mark.unit] ?? service.Spec.Name
  if (labels?.[mark.run] !== undefined) return `${unit}-${task.Slot ?? 0}`
  if (mode?.Global !== undefined)
    return task.NodeID === undefined ? undefined : `${unit}-${nodeName(task.NodeID) ?? task.NodeID}`
  const label = serviceLabel(service)
  if (label !== unit) return label
  return task.Slot === undefined ? undefined : `${unit}-${task.Slot}`
}
