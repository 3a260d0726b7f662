import type { Deployment, Plan } from '../../client/types.ts'
import { isApiError } from '../api-error.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { planText } from '../output/plan.ts'
import { titleOf } from '../app.ts'
import type { Prepared } from './plan-request.ts'
import { manifestOptions, targetOptions, waitOptions, yesOption } from './shared.ts'

export const deploy = command({
  name: 'deploy',
  summary: 'deploy a manifest and wait until it runs',
  description:
    'Makes the manifest true on its cluster and shows how it goes, until it runs or has been rolled back. ' +
    'Where something would be removed or replaced, the plan is shown and you are asked. ' +
    'Ctrl-C only stops the watching: the deployment goes on.',
  options: {
    ...manifestOptions,
    ...targetOptions,
    plan: { value: 'hash', description: 'do exactly this plan, or nothing' },
    note: { short: 'm', value: 'text', description: 'why, for the list of releases' },
    ...waitOptions,
    ...yesOption,
  },
  arguments: {},
  examples: [
    { line: 'escale deploy', says: 'escale.yaml in this folder' },
    {
      line: 'escale deploy --env production --set tag=v1.4.2 -m "faster search"',
      says: 'with an overlay, a parameter and a reason',
    },
    { line: 'escale deploy --plan ba7x5q2m', says: 'the plan that was looked at, or nothing' },
    { line: 'escale deploy --detach -q', says: 'print the id of the deployment and go' },
  ],
  async handler(context, { options }) {
    const { prepare } = await import('./plan-request.ts')
    const { timeoutMs } = await import('../follow/deployment.ts')
    timeoutMs(options.timeout)
    const prepared = await prepare(context, options)
    if (context.out.forPeople && !context.out.quiet)
      context.out.problems(prepared.loaded.problems, prepared.loaded.source)
    const started = await begin(context, prepared, options)
    if (started === 'same') return 0
    const { seeThrough } = await import('../follow/ending.ts')
    return await seeThrough(context, prepared.client, prepared.address, started, options)
  },
})

interface DeployOptions {
  readonly plan: string | undefined
  readonly note: string | undefined
  readonly yes: boolean
}

const mostPlans = 3

/** Every deployment is pinned to a plan that was judged here, so nothing is destroyed that nobody agreed to. */
async function begin(
  context: CommandContext,
  prepared: Prepared,
  options: DeployOptions,
): Promise<Deployment | 'same'> {
  if (options.plan !== undefined) return await send(context, prepared, options.plan, options.note)
  const { planNow } = await import('./plan-request.ts')
  for (let tries = 1; ; tries += 1) {
    const plan = await planNow(context, prepared)
    if (plan.empty && !plan.release.isNew && !plan.problems.some((problem) => problem.severity === 'error')) {
      await tellSame(context, prepared, plan)
      return 'same'
    }
    await agree(context, plan, options.yes)
    try {
      return await send(context, prepared, plan.hash, options.note)
    } catch (error) {
      // The world moved between plan and deployment: look again.
      if (!isStale(error) || tries === mostPlans) throw error
    }
  }
}

const isStale = (error: unknown): boolean => isApiError(error) && error.code === 'stale-plan'

async function send(
  context: CommandContext,
  { client, loaded, address, body }: Prepared,
  planHash: string,
  note: string | undefined,
) {
  const { tellable } = await import('../manifest/refusal.ts')
  const { project, app } = address
  return await client
    .call('deploy', {
      params: { project, app },
      body: { ...body, planHash, ...(note !== undefined && { note }) },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    .catch(tellable(loaded.source, address.environment))
}

async function agree(context: CommandContext, plan: Plan, yes: boolean): Promise<void> {
  const destroyed = plan.steps.filter(
    (step) => step.kind === 'write' && (step.action === 'remove' || step.action === 'replace'),
  )
  if (destroyed.length === 0 || yes) return
  context.out.note(planText(plan, context.out.errorStyle))
  const names = destroyed.map((step) => step.resource ?? step.title).join(', ')
  await context.confirm(`This removes or replaces ${names}. Deploy it?`, false)
}

async function tellSame(context: CommandContext, { client, address }: Prepared, plan: Plan): Promise<void> {
  const [{ callOf }, { routeLines }] = await Promise.all([import('../app.ts'), import('../follow/ending.ts')])
  const { out } = context
  const status = await client.call('getStatus', { ...callOf(address), signal: context.interrupted })
  await out.show({ deployment: null, routes: status.routes }, () => {
    if (out.quiet) return status.routes.map((route) => route.url).join('\n')
    const release = plan.release.number === undefined ? '' : ` of release ${String(plan.release.number)}`
    return [
      `${out.style.green('✓')} nothing to do: everything${release} of ${titleOf(address)} is as it should be`,
      ...routeLines(status.routes),
    ].join('\n')
  })
}
