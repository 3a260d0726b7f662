/** Scenarios of the requirements that are not built, or not for a target, with what is missing. */
import type { TargetName } from './scenario.ts'

export interface NotBuilt {
  readonly id: string
  readonly title: string
  readonly missing: string
}

export const notBuilt: readonly NotBuilt[] = [
  { id: 'E-01', title: 'CDK to running app', missing: 'the stacks and the ecs target' },
  { id: 'E-02', title: 'Same manifest on EKS', missing: 'the kubernetes target' },
  { id: 'E-04', title: 'Compose import', missing: 'the importer' },
  { id: 'E-05', title: 'Kubernetes import', missing: 'the importer' },
  { id: 'E-06', title: 'Swarm import', missing: 'the importer' },
  { id: 'E-07', title: 'docker run migration', missing: 'the importer' },
  { id: 'E-10', title: 'Blue-green', missing: 'the stable + next engine' },
  { id: 'E-11', title: 'Canary 1/5/…/100 %', missing: 'the stable + next engine' },
  { id: 'E-12', title: 'Migration project end to end', missing: 'migration projects' },
  { id: 'E-14', title: 'Auto-scaling up and down', missing: 'metrics and the scaling loop' },
  { id: 'E-16', title: 'Tenant isolation', missing: 'quotas and limits of projects' },
  { id: 'E-23', title: 'Registry and trust', missing: 'registries per project, scanning, signatures' },
  { id: 'E-24', title: 'Observability tour', missing: 'metrics, dashboards, traces' },
  { id: 'E-26', title: 'Cluster and node upgrade', missing: 'upgrades of nodes' },
  { id: 'E-27', title: 'Dev inner loop', missing: '`escale dev`' },
  { id: 'E-28', title: 'CI/CD', missing: 'the actions for CI systems' },
  { id: 'E-29', title: 'AKS/ACR move', missing: 'the importer and migration projects' },
  { id: 'E-30', title: 'OpenShift move', missing: 'the importer' },
  { id: 'E-31', title: 'Marathon/Mesos move', missing: 'the importer' },
  { id: 'E-32', title: 'Consul interop', missing: 'a Consul-compatible registry' },
  { id: 'E-33', title: 'Distributed-pattern demo', missing: 'tracing' },
  { id: 'E-34', title: 'Image workflow', missing: 'the verbs over the registry client' },
  { id: 'E-35', title: 'Metering and bill', missing: 'metering' },
  { id: 'E-36', title: 'Resilience drill', missing: 'the stacks' },
  { id: 'E-39', title: 'Windows/Linux mix', missing: 'the ecs and kubernetes targets' },
  { id: 'E-40', title: 'Round trip', missing: 'exporters' },
]

/** Why a built scenario has no run for a target. */
export const targetMissing: Readonly<Partial<Record<TargetName, string>>> = {
  ecs: 'the ecs target is not built',
  kubernetes: 'the kubernetes target is not built',
}
