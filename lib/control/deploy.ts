/** Plan and deploy: the two use cases that start from a manifest. Nothing is written before everything was checked. */
import { EscaleError, problem, refuse } from '../core/errors.ts'
import { derivedId, randomId } from '../core/ids.ts'
import { hasErrors, type Problem } from '../core/problems.ts'
import { type AppKey, defaultEnvironment } from '../model/app.ts'
import { type Disposition, type LedgerRow } from '../model/ledger.ts'
import { heldRuntime } from '../model/effective.ts'
import type { Release } from '../model/release.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import { freshProgress } from '../plan/progress.ts'
import { makePlan, type Plan } from '../plan/plan.ts'
import { printPlan } from '../plan/print.ts'
import type { Step } from '../plan/step.ts'
import type { Actor } from './actor.ts'
import { beginDeployment, knownDeployment, pendingRuntime } from './begin.ts'
import { type Candidate, candidateOf, type CandidateRequest, releaseHash } from './candidate.ts'
import { claimFor } from './claims.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { findApp, findRelease, json } from './load.ts'
import { changedJobs, prepare } from './prepare.ts'
import { addresses, type DeploymentRecord } from './records.ts'
import { contingencies, overridesOf, runtimeNotes } from './plan-notes.ts'

export interface DeployRequest extends CandidateRequest {
  /** Dispositions that the caller does not accept. */
  readonly strict?: readonly Disposition[]
  /** Fingerprint of the plan that was looked at. */
  readonly planHash?: string
  readonly idempotencyKey?: string
  readonly note?: string
}

export interface PlanView {
  readonly key: AppKey
  readonly cluster: string
  /** What `planHash` of a deployment pins. */
  readonly hash: string
  readonly release: { readonly number?: number; readonly hash: string; readonly isNew: boolean }
  readonly steps: readonly Step[]
  readonly contingencies: readonly string[]
  readonly ledger: readonly LedgerRow[]
  readonly problems: readonly Problem[]
  readonly overrides: readonly { readonly path: string; readonly text: string }[]
  readonly notes: readonly string[]
  readonly text: string
}

interface Preview {
  readonly plan: Plan
  readonly hash: string
  readonly ledger: readonly LedgerRow[]
  readonly problems: readonly Problem[]
  readonly before: Release | undefined
  /** The release that stands already has this content. */
  readonly same: boolean
}

export async function planApp(deps: Deps, actor: Actor, request: DeployRequest): Promise<PlanView> {
  const found = await candidateOf(deps, request, { dryRun: true })
  if (!found.ok) refuse(found.problems)
  const { candidate } = found
  const preview = await previewOf(deps, actor, candidate, request.strict ?? [])
  const { key, app, cluster } = candidate
  const number = (app?.value.lastReleaseNumber ?? 0) + 1
  const notes = runtimeNotes(candidate.spec, await pendingRuntime(deps, app?.value))
  const overrides = overridesOf(candidate.spec)
  const backup = contingencies(app?.value.lastGood)
  const at = key.environment === defaultEnvironment ? key.app : `${key.app} (${key.environment})`
  return {
    key,
    cluster,
    hash: preview.hash,
    release: {
      hash: candidate.hash,
      isNew: !preview.same,
      ...(preview.same ? { number: preview.before!.number } : { number }),
    },
    steps: preview.plan.steps,
    contingencies: backup,
    ledger: preview.ledger,
    problems: [...candidate.problems, ...preview.problems],
    overrides,
    notes,
    text: printPlan(preview.plan, {
      heading: `${at} on ${cluster}`,
      ...(preview.before === undefined ? {} : { from: `release ${preview.before.number}` }),
      to: preview.same ? 'the same' : `release ${number}`,
      overrides,
      runtime: notes,
      contingencies: backup,
    }),
  }
}

export async function deployApp(deps: Deps, actor: Actor, request: DeployRequest): Promise<DeploymentRecord> {
  const dry = await candidateOf(deps, request, { dryRun: true })
  if (!dry.ok) refuse(dry.problems)
  // A request that is made again goes on with its deployment, whatever that has changed since (ruling D18).
  const known = await knownDeployment(deps, dry.candidate.key, request.idempotencyKey)
  if (known !== undefined) return known
  const preview = await previewOf(deps, actor, dry.candidate, request.strict ?? [])
  if (hasErrors(preview.problems)) refuse(preview.problems)
  if (request.planHash !== undefined && request.planHash !== preview.hash) {
    refuse([
      problem('stale-plan', 'the world or the manifest has changed since this plan was made; nothing was done', {
        value: request.planHash,
        fix: 'run `escale plan` again and look at it',
      }),
    ])
  }
  // From here on something is written: secrets that are made once, names, then the release and its deployment.
  const found = await candidateOf(deps, request, { dryRun: false })
  if (!found.ok) refuse(found.problems)
  const { candidate } = found
  for (let attempt = 1; ; attempt++) {
    const app = attempt === 1 ? candidate.app : await findApp(deps, candidate.key)
    try {
      return await begin(deps, actor, { ...candidate, app }, request, preview)
    } catch (error) {
      // Somebody's deployment took the release's number at the same moment: the next one is ours.
      if (!(error instanceof EscaleError) || error.code !== 'version-conflict' || attempt === maxTries) throw error
    }
  }
}

const maxTries = 5

async function begin(
  deps: Deps,
  actor: Actor,
  candidate: Candidate,
  request: DeployRequest,
  preview: Preview,
): Promise<DeploymentRecord> {
  const { key, app } = candidate
  const number = (app?.value.lastReleaseNumber ?? 0) + 1
  const same = preview.before !== undefined && preview.before.hash === candidate.hash
  const release = same ? preview.before! : releaseOf(deps, actor, candidate, number, request)
  const taken = await claimFor(deps, release)
  if (taken.length > 0) refuse(taken)
  const deployment = await beginDeployment(deps, actor, {
    key,
    kind: 'deploy',
    cluster: candidate.cluster,
    release: release.number,
    gated: true,
    runtime: (now) => heldRuntime(release.spec, now),
    appChange: {
      cluster: candidate.cluster,
      removedAtMs: undefined,
      ...(same ? {} : { lastReleaseNumber: number }),
    } as object,
    ...(same ? {} : { more: [{ put: addresses.release(key, number), value: json(release), ifAbsent: true as const }] }),
    ...(request.idempotencyKey === undefined ? {} : { idempotencyKey: request.idempotencyKey }),
    ...(request.note === undefined ? {} : { note: request.note }),
    ...(request.planHash === undefined ? {} : { planHash: await acceptedHash(deps, candidate, release) }),
  })
  if (!same) {
    await recordAppEvents(deps, key, [
      {
        type: 'release.created',
        about: `release ${release.number}`,
        actor: actor.subject,
        ...(request.note === undefined ? {} : { reason: request.note }),
        data: { number: release.number, hash: release.hash },
      },
    ])
  }
  return deployment
}

function releaseOf(deps: Deps, actor: Actor, candidate: Candidate, number: number, request: DeployRequest): Release {
  const { key } = candidate
  return {
    id:
      request.idempotencyKey === undefined
        ? randomId('rel', deps.random)
        : derivedId('rel', key, request.idempotencyKey),
    number,
    key,
    cluster: candidate.cluster,
    spec: candidate.spec,
    manifest: candidate.manifest,
    leaves: candidate.leaves,
    secretVersions: candidate.secretVersions,
    author: actor.subject,
    createdAtMs: deps.clock.nowMs(),
    hash: releaseHash(candidate.cluster, candidate.spec, candidate.secretVersions),
    ...(request.note === undefined ? {} : { note: request.note }),
  }
}

/** What the first tick will find, unless the world moves in between (ruling A6). */
async function acceptedHash(deps: Deps, candidate: Candidate, release: Release): Promise<string> {
  return (await look(deps, candidate, release)).hash
}

async function previewOf(
  deps: Deps,
  actor: Actor,
  candidate: Candidate,
  strict: readonly Disposition[],
): Promise<Preview> {
  const { app } = candidate
  const before =
    app?.value.current === undefined ? undefined : await findRelease(deps, candidate.key, app.value.current)
  const same = before !== undefined && before.hash === candidate.hash
  const number = (app?.value.lastReleaseNumber ?? 0) + 1
  const release = same
    ? before
    : releaseOf(deps, actor, candidate, number, { ...emptyRequest, project: candidate.key.project })
  const seen = await look(deps, candidate, release)
  const refused = strictProblems(seen.ledger, strict)
  const problems = [...seen.problems, ...refused, ...seen.plan.problems]
  return { plan: seen.plan, hash: seen.hash, ledger: seen.ledger, problems, before, same }
}

const emptyRequest = { manifest: '', files: {}, params: {} }

interface Look {
  readonly plan: Plan
  readonly hash: string
  readonly ledger: readonly LedgerRow[]
  readonly problems: readonly Problem[]
}

async function look(deps: Deps, candidate: Candidate, release: Release): Promise<Look> {
  const record = (await findApp(deps, candidate.key))?.value
  const identity = record?.identity ?? {}
  const runtime = heldRuntime(release.spec, await pendingRuntime(deps, record))
  const { target, site, input } = await prepare(deps, candidate.key, release, runtime, identity)
  const rendered = target.render(input)
  const signal = AbortSignal.timeout(deps.settings.callDeadlineMs)
  const observed = await target.observe(site, candidate.key, identity, signal)
  const checked = await target.check(input, observed)
  const good = record?.lastGood === undefined ? undefined : await findRelease(deps, candidate.key, record.lastGood)
  const nowMs = deps.clock.nowMs()
  const planInput = {
    spec: input.release.spec,
    releaseHash: release.hash,
    desired: rendered.resources,
    observed,
    identity,
    kinds: target.kinds,
    progress: freshProgress(nowMs),
    changedJobs: changedJobs(input.release.spec, good === undefined ? undefined : target.adapt(good.spec)),
    deleteData: new Set<string>(),
    gated: true,
    nowMs,
  }
  const plan = makePlan(planInput)
  return {
    plan,
    hash: fingerprint(planInput, plan, runtime),
    ledger: rendered.ledger,
    problems: [...rendered.problems, ...checked],
  }
}

function strictProblems(ledger: readonly LedgerRow[], strict: readonly Disposition[]): readonly Problem[] {
  return ledger
    .filter((row) => strict.includes(row.disposition))
    .map((row) =>
      problem(
        'strict-ledger',
        `${row.disposition}${row.delta === undefined ? '' : ` (${row.delta})`}${row.note === undefined ? '' : `: ${row.note}`}`,
        {
          path: row.path,
          value: row.value,
          ...(row.source === undefined ? {} : { source: row.source }),
          fix: 'change the field, or deploy without --strict',
        },
      ),
    )
}
