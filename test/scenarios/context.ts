/** What every context can do, whatever its platform is made of. */
import { strict as assert } from 'node:assert'
import { createClient } from '../../lib/client/client.ts'
import type { AppStatus, Deployment } from '../../lib/client/types.ts'
import { parse } from 'yaml'
import type { AppRef, DeployOptions, ScenarioContext } from './scenario.ts'

export interface Base extends Pick<
  ScenarioContext,
  'dataDir' | 'target' | 'url' | 'ingress' | 'engine' | 'cluster' | 'hostAddress' | 'memory' | 'clock'
> {
  readonly token: string
  readonly fetch?: typeof fetch
  /** Lets time pass: the real one, or the clock's. */
  pause(ms: number): Promise<void>
}

function bodyOf(manifest: string, options: DeployOptions) {
  const files = Object.entries(options.files ?? {})
  return {
    manifest,
    files: Object.fromEntries(files.map(([path, text]) => [path, Buffer.from(text).toString('base64')])),
    params: { ...options.params },
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  }
}

export function contextOver(base: Base): ScenarioContext {
  const clientOf = (token: string) =>
    createClient({ url: base.url, token, ...(base.fetch === undefined ? {} : { fetch: base.fetch }) })
  const client = clientOf(base.token)
  const query = (app: AppRef) => ({ environment: app.environment ?? 'default' })

  async function until(what: string, holds: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
    const steps = Math.ceil(withinMs / 100)
    for (let n = 0; n < steps; n++) {
      if (await holds()) return
      await base.pause(100)
    }
    throw new Error(`waited ${withinMs / 1000} s in vain: ${what}`)
  }

  async function begin(manifest: string, options: DeployOptions = {}): Promise<Deployment> {
    const { metadata } = parse(manifest) as { readonly metadata: { readonly name: string } }
    return await client.call('deploy', {
      params: { project: options.project ?? 'default', app: metadata.name },
      body: bodyOf(manifest, options),
    })
  }

  async function follow(app: AppRef, deployment: Deployment): Promise<Deployment> {
    let last = deployment
    const ended = async (): Promise<boolean> => {
      last = await client.call('getDeployment', { params: { ...app, deployment: deployment.id }, query: query(app) })
      return last.ended
    }
    await until(`the ${deployment.kind} of ${app.app} to end`, ended, 120_000).catch((error: unknown) => {
      const open = last.steps.filter((step) => step.state !== 'done').map((step) => `${step.title}: ${step.state}`)
      throw new Error(
        `the ${deployment.kind} of ${app.app} does not end; it is ${last.state}, open: ${open.join('; ')}`,
        { cause: error },
      )
    })
    return last
  }

  async function planIsEmpty(app: AppRef, manifest: string, options: DeployOptions): Promise<void> {
    const plan = await client.call('planApp', {
      params: { project: app.project, app: app.app },
      body: bodyOf(manifest, options),
    })
    assert.deepEqual(plan.steps, [], `the plan after an apply is not empty:\n${plan.text}`)
  }

  return {
    ...base,
    client,
    clientOf,
    begin,
    follow,
    until,
    async deploy(manifest, options = {}) {
      const { metadata } = parse(manifest) as { readonly metadata: { readonly name: string } }
      const app: AppRef = {
        project: options.project ?? 'default',
        app: metadata.name,
        ...(options.environment === undefined ? {} : { environment: options.environment }),
      }
      const done = await follow(app, await begin(manifest, options))
      // Whatever a scenario deploys: the plan after an apply is empty (DESIGN §2.2).
      if (done.state === 'succeeded') await planIsEmpty(app, manifest, options)
      return done
    },
    status: (app): Promise<AppStatus> => client.call('getStatus', { params: app, query: query(app) }),
    async events(app) {
      const all: Awaited<ReturnType<ScenarioContext['events']>>[number][] = []
      for (let after = 0; ;) {
        const page = await client.call('readEvents', { params: app, query: { ...query(app), after, limit: 500 } })
        if (page.items.length === 0) return all
        all.push(...page.items)
        after = page.next
      }
    },
  }
}
