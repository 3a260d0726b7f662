/** One run of a job, as a swarm service in job mode. Whether it failed is ours to say: swarm just stays at 0/1 (ruling D19). */
import type { JsonObject } from '../../../core/hash.ts'
import type { Resource } from '../../../model/resource.ts'
import type { JobUnit } from '../../../model/unit.ts'
import { mark } from '../labels.ts'
import { causesOf } from './causes.ts'
import { renderContainer } from './container.ts'
import { finish } from './context.ts'
import type { RenderContext } from './context.ts'
import { derivedName, nameRules } from '../../../model/names.ts'
import { logDriver } from './logs.ts'
import { renderNetworks } from './network.ts'
import { applyOverride } from './override.ts'
import { placement } from './placement.ts'
import { resources, restartDelayMs } from './service.ts'
import { withTemplate } from './template.ts'

const nanosPerMs = 1_000_000

export interface Run {
  readonly runId: string
  readonly job: JobUnit
}

/** Renders a run's service; what it needs beside is in the context's resources. */
export function renderRunService(context: RenderContext, { runId, job }: Run): Resource {
  const rendered = renderContainer(context, { unit: job, container: job.main, ordinal: undefined })
  const networks = renderNetworks(context, job, [])
  const body: JsonObject = {
    TaskTemplate: {
      ContainerSpec: rendered.spec,
      ...resources(job.main),
      // Without attempts the engine would go on for ever: none means not to try again.
      RestartPolicy:
        job.retries === 0
          ? { Condition: 'none' }
          : { Condition: 'on-failure', Delay: restartDelayMs * nanosPerMs, MaxAttempts: job.retries },
      ...placement({ unit: job, constraints: rendered.constraints, stopped: false }),
      Networks: networks.attachments,
      ...logDriver(job),
    },
    Mode: { ReplicatedJob: { MaxConcurrent: job.parallelism, TotalCompletions: job.completions } },
    EndpointSpec: { Mode: 'dnsrr' },
  }
  const { body: native, template } = withTemplate(applyOverride(body, job.override))
  const id = `run/${job.name}/${runId}`
  return finish(context, {
    id,
    kind: 'run',
    name: derivedName(
      context.input.site,
      context.input.release.key,
      { kind: 'run', unit: job.name, readable: [job.name], detail: runId },
      nameRules.swarm,
    ),
    unit: job.name,
    body: native,
    template,
    labels: {
      ...job.labels,
      [mark.job]: job.name,
      [mark.run]: runId,
      [mark.retries]: String(job.retries),
      ...(job.timeoutMs === undefined ? {} : { [mark.timeoutMs]: String(job.timeoutMs) }),
    },
    needs: [...networks.needs, ...rendered.needs],
    causes: causesOf(job.main.from, job.from, { count: undefined }),
  })
}
