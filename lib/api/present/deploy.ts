/** Plans, releases and deployments, from inside to the wire. */
import type * as z from 'zod'
import { formatTime } from '../../core/time.ts'
import { containersOf } from '../../model/unit.ts'
import type { Release } from '../../model/release.ts'
import { endedStates } from '../../control/records.ts'
import type { DeploymentRecord } from '../../control/records.ts'
import type * as wire from '../schemas/deploy.ts'
import type { PlanView } from '../../control/deploy.ts'
import type { Step } from '../use-cases.ts'
import { problemView } from './problems.ts'

type StepView = z.input<typeof wire.step>
type StepState = StepView['state']
type Progress = DeploymentRecord['progress']

function stepState(step: Step, progress: Progress): StepState {
  switch (step.kind) {
    case 'write': {
      const write = progress.writes[step.id]
      if (write === undefined) return 'pending'
      return write.doneAtMs === undefined ? 'running' : 'done'
    }
    case 'run':
    case 'verify': {
      const run = progress.runs[step.job]
      if (run === undefined) return 'pending'
      return run.state === 'succeeded' ? 'done' : run.state
    }
    case 'wait':
      return progress.met.includes(step.id) ? 'done' : 'pending'
    case 'gate':
      return progress.approved.includes(step.id) ? 'done' : 'pending'
  }
}

const stepBase = (step: Step, state: StepState) => ({
  id: step.id,
  kind: step.kind,
  title: step.title,
  after: step.after,
  state,
  ...(step.unit !== undefined && { unit: step.unit }),
})

function stepView(step: Step, state: StepState): StepView {
  switch (step.kind) {
    case 'write':
      return {
        ...stepBase(step, state),
        action: step.action,
        resource: step.resource,
        because: step.because,
        replacesInstances: step.replacesInstances,
        differences: step.differences,
      }
    case 'run':
    case 'verify':
      return { ...stepBase(step, state), job: step.job }
    case 'wait':
    case 'gate':
      return stepBase(step, state)
  }
}

export const planView = (plan: PlanView): z.input<typeof wire.plan> => ({
  project: plan.key.project,
  app: plan.key.app,
  environment: plan.key.environment,
  cluster: plan.cluster,
  hash: plan.hash,
  release: plan.release,
  empty: plan.steps.every((step) => step.kind === 'wait'),
  steps: plan.steps.map((step) => stepView(step, 'pending')),
  contingencies: plan.contingencies,
  ledger: plan.ledger,
  problems: plan.problems.map(problemView),
  overrides: plan.overrides,
  notes: plan.notes,
  text: plan.text,
})

export const deploymentSummaryView = (record: DeploymentRecord): z.input<typeof wire.deploymentSummary> => ({
  id: record.id,
  number: record.number,
  project: record.key.project,
  app: record.key.app,
  environment: record.key.environment,
  cluster: record.cluster,
  kind: record.kind,
  release: record.release,
  ...(record.fallback !== undefined && { fallback: record.fallback }),
  state: record.state,
  ended: endedStates.includes(record.state),
  by: record.by,
  ...(record.reason !== undefined && { reason: record.reason }),
  createdAt: formatTime(record.createdAtMs),
  ...(record.startedAtMs !== undefined && { startedAt: formatTime(record.startedAtMs) }),
  ...(record.endedAtMs !== undefined && { endedAt: formatTime(record.endedAtMs) }),
  ...(record.planHash !== undefined && { planHash: record.planHash }),
})

export const deploymentView = (record: DeploymentRecord): z.input<typeof wire.deployment> => ({
  ...deploymentSummaryView(record),
  steps: record.steps.map((step) => stepView(step, stepState(step, record.progress))),
  ...(record.cancel !== undefined && {
    cancel: { by: record.cancel.by, leave: record.cancel.leave, at: formatTime(record.cancel.atMs) },
  }),
  problems: record.problems.map(problemView),
  ...(record.kept !== undefined && { kept: record.kept }),
})

const imagesOf = (release: Release) =>
  release.spec.units.flatMap((unit) =>
    containersOf(unit).map((container) => ({
      container: container.from,
      ...(container.image.reference !== undefined && { image: container.image.reference }),
      ...(container.image.pinned !== undefined && { pinned: container.image.pinned }),
    })),
  )

export const releaseSummaryView = (release: Release): z.input<typeof wire.releaseSummary> => ({
  id: release.id,
  number: release.number,
  cluster: release.cluster,
  hash: release.hash,
  author: release.author,
  createdAt: formatTime(release.createdAtMs),
  ...(release.note !== undefined && { note: release.note }),
  images: imagesOf(release),
})

export const releaseView = (release: Release): z.input<typeof wire.release> => ({
  ...releaseSummaryView(release),
  manifest: release.manifest,
  secretVersions: release.secretVersions,
})
