/** What became of a deployment: said, and turned into an exit status. */
import type { Client } from '../../client/client.ts'
import type { AppAddress, AppStatus, Deployment } from '../../client/types.ts'
import { callOf, titleOf } from '../app.ts'
import type { CommandContext } from '../context.ts'
import { exitStatusOf, interruptedStatus } from '../failure.ts'
import { formatAge } from '../output/units.ts'
import { harmless } from '../output/width.ts'
import { followDeployment } from './deployment.ts'
import type { FollowOptions } from './deployment.ts'

export interface EndOptions extends FollowOptions {
  readonly detach: boolean
  /** Cancelled is what was wanted. */
  readonly wantsCancelled?: boolean
}

type State = Deployment['state']

/** Ended, but not as it was meant. */
const statusOfState: Partial<Readonly<Record<State, number>>> = {
  failed: 1,
  rollbackFailed: 1,
  drifted: 1,
  cancelled: 4,
  superseded: 4,
  stale: 4,
}

/** Follows what was started unless that was not wanted, and tells its end. */
export async function seeThrough(
  context: CommandContext,
  client: Client,
  address: AppAddress,
  started: Deployment,
  options: EndOptions,
): Promise<number> {
  const { out } = context
  if (options.detach) {
    await out.show(started, () =>
      out.quiet ? started.id : `${what(started)} of ${titleOf(address)} has begun: ${started.id}`,
    )
    if (out.forPeople) out.note(howToFollow(address, started))
    return 0
  }
  if (out.forPeople)
    out.note(`${what(started)} of ${titleOf(address)} on ${started.cluster}: ${subject(started)} (${started.id})`)
  const followed = await followDeployment(context, client, address, started, options)
  if (followed.kind === 'left') {
    out.note(`\nThe deployment goes on without you. ${howToFollow(address, started)}`)
    return interruptedStatus
  }
  return await tellEnd(context, client, address, followed.deployment, options)
}

const words: Readonly<Record<Deployment['kind'], string>> = {
  deploy: 'Deployment',
  rollback: 'Rollback',
  scale: 'Scaling',
  restart: 'Restart',
  stop: 'Stop',
  start: 'Start',
  traffic: 'Shift of traffic',
  repair: 'Repair',
  remove: 'Removal',
}

const what = (deployment: Deployment): string => words[deployment.kind]
const subject = (deployment: Deployment): string =>
  deployment.kind === 'remove' ? 'everything but kept data' : `release ${String(deployment.release)}`

const appFlags = ({ app, environment }: AppAddress): string =>
  `--app ${app}${environment === undefined ? '' : ` --env ${environment}`}`

export function howToFollow(address: AppAddress, deployment: Deployment): string {
  const app = appFlags(address)
  return `Follow it: escale status ${app} --watch · End it: escale cancel ${deployment.id} ${app}`
}

async function tellEnd(
  context: CommandContext,
  client: Client,
  address: AppAddress,
  deployment: Deployment,
  options: EndOptions,
): Promise<number> {
  const { out } = context
  const isGood =
    deployment.state === 'succeeded' || (deployment.state === 'cancelled' && options.wantsCancelled === true)
  const routes = isGood && deployment.kind !== 'remove' ? await routesOf(client, address) : []
  await out.show({ deployment, routes }, () => {
    if (!isGood) return ''
    if (out.quiet) return routes.map((route) => route.url).join('\n')
    return [headline(context, address, deployment), ...routeLines(routes), ...keptLines(deployment)].join('\n')
  })
  if (isGood) return 0
  if (out.forPeople) {
    out.problems(deployment.problems)
    out.note(`${what(deployment)} of ${titleOf(address)} ${verdict(deployment)}`)
    out.note(`Look closer: escale events ${appFlags(address)} · escale logs ${appFlags(address)}`)
  }
  const first = deployment.problems.find((problem) => problem.severity === 'error')
  return first === undefined ? (statusOfState[deployment.state] ?? 1) : exitStatusOf(first.code)
}

/** An engine that cannot say its routes now does not undo what was done. */
async function routesOf(client: Client, address: AppAddress): Promise<AppStatus['routes']> {
  return await client.call('getStatus', callOf(address)).then(
    (status) => status.routes,
    () => [],
  )
}

function headline({ out }: CommandContext, address: AppAddress, deployment: Deployment): string {
  const { endedAt, createdAt } = deployment
  const took = endedAt === undefined ? '' : ` ${out.style.dim(`(${formatAge(createdAt, Date.parse(endedAt))})`)}`
  const tick = out.style.green('✓')
  const name = out.style.bold(titleOf(address))
  if (deployment.state === 'cancelled') return `${tick} the deployment of ${name} was cancelled${took}`
  return `${tick} ${name} ${outcomes[deployment.kind](deployment)}${took}`
}

const runs = ({ release, cluster }: Deployment): string => `runs release ${String(release)} on ${cluster}`

const outcomes: Readonly<Record<Deployment['kind'], (deployment: Deployment) => string>> = {
  deploy: runs,
  repair: runs,
  traffic: runs,
  rollback: (deployment) => `${runs(deployment)} again`,
  scale: () => 'was scaled',
  restart: () => 'was restarted',
  stop: () => 'was stopped',
  start: () => 'was started',
  remove: ({ cluster }) => `was removed from ${cluster}`,
}

export const routeLines = (routes: AppStatus['routes']): readonly string[] => {
  const width = Math.max(0, ...routes.map((route) => `${route.service}.${route.route}`.length))
  return routes.map((route) => `  ${`${route.service}.${route.route}`.padEnd(width)}  ${route.url}`)
}

function keptLines({ kept }: Deployment): readonly string[] {
  if (kept === undefined) return []
  return [
    ...(kept.volumes.length === 0 ? [] : [`  kept volumes: ${kept.volumes.join(', ')}`]),
    ...(kept.secrets.length === 0 ? [] : [`  kept secrets: ${kept.secrets.join(', ')}`]),
  ]
}

function verdict(deployment: Deployment): string {
  const reason = deployment.reason === undefined ? '' : `: ${harmless(deployment.reason)}`
  const back = deployment.fallback === undefined ? '' : `; release ${String(deployment.fallback)} runs again`
  switch (deployment.state) {
    case 'failed':
      return `failed${reason}${back}`
    case 'rollbackFailed':
      return `failed, and so did going back${reason}: look at it with \`escale status\` and \`escale events\``
    case 'cancelled':
      return `was cancelled${reason}${back}`
    case 'superseded':
      return `was superseded by a newer one${reason}`
    case 'drifted':
      return `ended because the world had changed behind the plan${reason}`
    case 'stale':
      return `was not begun: its plan had become stale${reason}`
    case 'queued':
    case 'waiting':
    case 'running':
    case 'rollingBack':
    case 'succeeded':
      return `is ${deployment.state}${reason}`
  }
}
