/** An app as swarm objects, with its ledger. Pure: the same input gives the same bodies, names and intents. */
import type { Resource } from '../../../model/resource.ts'
import { jobUnits, serviceUnits } from '../../../model/unit.ts'
import type { Rendered, RenderInput, RunRequest } from '../../target.ts'
import { ledger } from '../ledger/ledger.ts'
import { renderContext } from './context.ts'
import type { RenderContext } from './context.ts'
import { renderRunService } from './job.ts'
import { renderService } from './service.ts'

function renderAll(context: RenderContext): void {
  for (const unit of serviceUnits(context.input.release.spec)) renderService(context, unit)
  // The files, networks and volumes of jobs stand ready, so that a run is one write. The run itself is not kept here.
  for (const job of jobUnits(context.input.release.spec)) renderRunService(context, { runId: '', job })
}

export function render(input: RenderInput): Rendered {
  const context = renderContext(input)
  renderAll(context)
  const { rows, problems } = ledger(input)
  return { resources: [...context.resources.values()], ledger: rows, problems: [...problems, ...context.problems] }
}

export const renderRun = (input: RenderInput, { runId, job }: RunRequest): Resource =>
  renderRunService(renderContext(input), { runId, job })
