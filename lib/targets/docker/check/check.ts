/** Preflight: what cannot work is refused before any write, with the numbers. */
import type { Problem } from '../../../core/problems.ts'
import type { Observed } from '../../../model/observed.ts'
import type { RenderInput } from '../../target.ts'
import type { Engine } from '../engine/engine.ts'
import { render } from '../render/render.ts'
import { addressProblems } from './addresses.ts'
import { capacityProblems } from './capacity.ts'
import { grantProblems } from './grants.ts'
import { imageProblems } from './images.ts'
import { portProblems } from './ports.ts'
import { volumeProblems } from './volumes.ts'
import type { Cluster } from './cluster.ts'

export async function check(engine: Engine, input: RenderInput, _observed: Observed): Promise<readonly Problem[]> {
  return judge(input, await look(engine))
}

async function look(engine: Engine): Promise<Cluster> {
  const [nodes, services, tasks, networks, volumes, info, swarm] = await Promise.all([
    engine.nodes.list(),
    engine.services.list(),
    engine.tasks.list({ filters: { 'desired-state': ['running'] } }),
    engine.networks.list({ filters: { driver: ['overlay'] } }),
    engine.volumes.list(),
    engine.system.info(),
    engine.swarm.inspect(),
  ])
  return { nodes, services, tasks, networks, volumes, drivers: info.Plugins.Volume ?? ['local'], swarm }
}

/** Pure, so that every refusal can be shown without an engine. */
export function judge(input: RenderInput, cluster: Cluster): readonly Problem[] {
  const rendered = render(input)
  const services = rendered.resources.filter(({ kind }) => kind === 'service')
  return [
    ...grantProblems(input),
    ...imageProblems(input, cluster),
    ...volumeProblems(input, cluster),
    ...portProblems(input, services, cluster),
    ...addressProblems(input, rendered.resources, cluster),
    ...capacityProblems(input, services, cluster),
  ]
}
