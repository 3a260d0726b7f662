/** What a scenario is: what a requirement's text states, asserted through the API, on each target that can run it. */
import type { LocalImageName } from '../../images/local/recipe.ts'
import type { Client } from '../../lib/client/client.ts'
import type { AppStatus, Deployment } from '../../lib/client/types.ts'
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import type { MemoryCluster } from '../../lib/targets/memory/cluster.ts'
import type { ManualClock } from '../support/clock.ts'
import type { Cluster } from '../support/lab/start.ts'

export type TargetName = 'memory' | 'docker' | 'ecs' | 'kubernetes'

export const targetNames: readonly TargetName[] = ['memory', 'docker', 'ecs', 'kubernetes']

export interface Scenario {
  /** E-01 … E-40 of the requirements. */
  readonly id: string
  readonly title: string
  /** Parts of the requirement's text that it does not assert, by a short name. */
  readonly without: readonly string[]
  /** Where it runs; a target that is not here has its reason in `notApplicable` or is not built. */
  readonly on: Readonly<Partial<Record<TargetName, (context: ScenarioContext) => Promise<void>>>>
  /** Engines in one swarm that the docker column wants. */
  readonly nodes?: number
  /** Base images to be on the engine. */
  readonly images?: readonly LocalImageName[]
  readonly notApplicable?: Readonly<Partial<Record<TargetName, string>>>
}

export interface AppRef {
  readonly project: string
  readonly app: string
  readonly environment?: string
}

/** A platform of the scenario's own, and the tools to look at it from outside. */
export interface ScenarioContext {
  readonly target: TargetName
  /** As the owner of everything. */
  readonly client: Client
  readonly url: string
  /** Another caller with other grants. */
  clientOf(token: string): Client
  /** Deploys and waits for the end. */
  deploy(manifest: string, options?: DeployOptions): Promise<Deployment>
  /** Deploys and answers at once. */
  begin(manifest: string, options?: DeployOptions): Promise<Deployment>
  follow(app: AppRef, deployment: Deployment): Promise<Deployment>
  status(app: AppRef): Promise<AppStatus>
  /** Types of the app's events so far, with what they are about. */
  events(
    app: AppRef,
  ): Promise<
    readonly { readonly type: string; readonly subject: string; readonly data: Readonly<Record<string, unknown>> }[]
  >
  /** Until it holds, or the scenario fails with what it waited for. */
  until(what: string, holds: () => Promise<boolean>, withinMs?: number): Promise<void>
  /** Where the ingress answers. */
  readonly ingress: { readonly address: string; readonly port: number }
  /** On docker: where the platform keeps its store and its vault. */
  readonly dataDir?: string
  /** On docker: the engine itself, and the machines where there are several. */
  readonly engine?: Engine
  readonly cluster?: Cluster
  /** This machine, as containers of the engines reach it. */
  readonly hostAddress?: string
  /** On memory: the cluster, for its faults; and the clock, which waiting moves on. */
  readonly memory?: MemoryCluster
  readonly clock?: ManualClock
}

export interface DeployOptions {
  readonly project?: string
  readonly environment?: string
  readonly params?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}
