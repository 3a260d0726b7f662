/** Swarm's own rollout of a service. It pauses by itself; going on or back is Escale's to decide (ruling A2). */
import type { ObservedRollout } from '../../model/observed.ts'
import type { Service } from './engine/types/service.ts'
import { templateLabel } from './render/template.ts'

/** What is rolled out: one template of one service. The engine gives rollouts no ids of their own. */
export const rolloutId = (service: Service): string =>
  `${service.ID}:${service.Spec.TaskTemplate.ContainerSpec?.Labels?.[templateLabel] ?? 'none'}`

export interface RolloutTasks {
  /** All wanted tasks are of the newest template and run. */
  readonly settled: boolean
}

/** After a change of the specification the engine's status is empty until it begins. */
export function observedRollout(service: Service, { settled }: RolloutTasks): ObservedRollout | undefined {
  const { UpdateStatus: status } = service
  if (status?.State === undefined) return undefined
  const id = rolloutId(service)
  const reason = status.Message === undefined || status.Message === '' ? {} : { reason: status.Message }
  switch (status.State) {
    case 'updating':
      // Swarm watches for one more period after the last task; the instances themselves are all there by then.
      return { id, state: settled ? 'completed' : 'inProgress', ...reason }
    case 'completed':
      return { id, state: 'completed', ...reason }
    case 'paused':
    case 'rollback_paused':
      return { id, state: 'stopped', ...reason }
    case 'rollback_started':
    case 'rollback_completed':
      // Not ours: somebody asked the engine to go back.
      return { id, state: 'stopped', ...reason }
  }
}
