/** What several scenarios do with a platform. */
import { strict as assert } from 'node:assert'
import type { AppStatus } from '../../lib/client/types.ts'
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import type { AppRef, ScenarioContext } from './scenario.ts'

export interface Ended {
  readonly exitCode: number
  readonly output: string
}

/** Runs a command in an instance of a service. */
export async function exec(
  context: ScenarioContext,
  app: AppRef,
  service: string,
  command: readonly string[],
  instance?: string,
): Promise<Ended> {
  const stream = await context.client.exec(app, {
    service,
    command: [...command],
    tty: false,
    ...(instance === undefined ? {} : { instance }),
  })
  let output = ''
  for await (const { data } of stream.output) output += new TextDecoder().decode(data)
  return { exitCode: await stream.exitCode, output }
}

export const sh = (
  context: ScenarioContext,
  app: AppRef,
  service: string,
  script: string,
  instance?: string,
): Promise<Ended> => exec(context, app, service, ['sh', '-c', script], instance)

export type Instance = AppStatus['units'][number]['instances'][number]

export async function instances(context: ScenarioContext, app: AppRef, unit: string): Promise<readonly Instance[]> {
  const status = await context.status(app)
  return (status.units.find((candidate) => candidate.name === unit)?.instances ?? []).filter((one) => one.wanted)
}

export const ready = async (context: ScenarioContext, app: AppRef, unit: string): Promise<readonly Instance[]> =>
  (await instances(context, app, unit)).filter((one) => one.state === 'ready')

/** Deploys, and fails with the problems where it does not succeed. */
export async function deployed(
  context: ScenarioContext,
  manifest: string,
  options?: Parameters<ScenarioContext['deploy']>[1],
): Promise<void> {
  const done = await context.deploy(manifest, options)
  assert.equal(done.state, 'succeeded', JSON.stringify(done.problems))
}

/** The plan of a manifest that stands is empty (DESIGN §2.2). */
export async function planIsEmpty(
  context: ScenarioContext,
  app: AppRef,
  manifest: string,
  params: Readonly<Record<string, string>> = {},
): Promise<void> {
  const plan = await context.client.call('planApp', {
    params: app,
    body: { manifest, params: { ...params }, files: {} },
  })
  assert.deepEqual(
    plan.steps.map((step) => step.title),
    [],
    plan.text,
  )
}

export async function removed(
  context: ScenarioContext,
  app: AppRef,
  deleteVolumes: readonly string[] = [],
): Promise<void> {
  const removal = await context.client.call('removeApp', { params: app, query: { deleteVolume: [...deleteVolumes] } })
  assert.equal((await context.follow(app, removal)).state, 'succeeded')
}

export async function get(
  context: ScenarioContext,
  host: string,
  path = '/',
): Promise<{ readonly status: number; readonly body: string }> {
  const { address, port } = context.ingress
  const { ask } = await import('../support/load.ts')
  const answer = await ask({ address, port, host, path })
  return { status: answer.status, body: answer.body.trim() }
}

/** Names of everything on an engine but images. */
export async function inventory(engine: Engine): Promise<Readonly<Record<string, readonly string[]>>> {
  const sorted = (names: readonly (string | undefined)[]): readonly string[] =>
    names.map((name) => name ?? '').toSorted()
  return {
    services: sorted((await engine.services.list()).map(({ Spec }) => Spec.Name)),
    containers: sorted((await engine.containers.list({ all: true })).flatMap(({ Names }) => Names)),
    networks: sorted((await engine.networks.list()).map(({ Name }) => Name)),
    volumes: sorted((await engine.volumes.list()).map(({ Name }) => Name)),
    configs: sorted((await engine.configs.list()).map(({ Spec }) => Spec.Name)),
    secrets: sorted((await engine.secrets.list()).map(({ Spec }) => Spec.Name)),
    nodeLabels: sorted((await engine.nodes.list()).flatMap(({ Spec }) => Object.keys(Spec.Labels))),
  }
}
