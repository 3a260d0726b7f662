/**
 * Patterns of every leaf a resolved manifest can have. Generated from the schema by
 * `node docs/generate/manifest.ts`; a test compares. A name stands as `*`; a list is one leaf, and so is each
 * native fragment of `override`. `apiVersion`, `kind`, `params` and `environments` say how the file is read, not
 * what runs, and have none.
 */

/** Leaves outside services and jobs. */
export const appFields = [
  'metadata.name',
  'metadata.project',
  'metadata.labels.*',
  'metadata.annotations.*',
  'cluster',
  'registries.*.username',
  'registries.*.password.secret',
  'registries.*.password.key',
  'config.*.values.*.text',
  'config.*.values.*.allowPlain',
  'config.*.files.*.content',
  'config.*.files.*.mode',
  'config.*.files.*.allowPlain',
  'config.*.files.*.path',
  'config.*.files.*.base64',
  'secrets.*.generate.length',
  'secrets.*.from',
  'secrets.*.keys.*.from',
  'secrets.*.join',
  'secrets.*.allowPlain',
  'volumes.*.from',
  'volumes.*.size',
  'volumes.*.access',
  'volumes.*.class',
  'volumes.*.backup.schedule',
  'volumes.*.backup.keep',
  'volumes.*.onDelete',
  'networks.*.internal',
  'networks.*.scope',
  'external.*.host',
  'external.*.ports.*.port',
  'external.*.ports.*.as',
  'external.*.ports.*.protocol',
  'external.*.ports.*.app',
  'external.*.routes.*.host',
  'external.*.routes.*.path',
  'external.*.routes.*.match',
  'external.*.routes.*.port',
  'external.*.routes.*.protocol',
  'external.*.routes.*.listen',
  'external.*.routes.*.tls',
  'external.*.routes.*.tls.secret',
  'external.*.routes.*.rewrite',
  'external.*.routes.*.redirectHttp',
  'external.*.routes.*.timeout',
  'external.*.routes.*.sticky',
  'external.*.routes.*.allow',
  'external.*.routes.*.public',
  'external.*.app',
  'external.*.service',
  'approval',
] as const


/** Leaves of a container, from its place on: `env.*.text`. */
export const containerFields = [
  'image',
  'build.context',
  'build.dockerfile',
  'build.target',
  'build.args.*',
  'build.platforms',
  'entrypoint',
  'command',
  'workdir',
  'user',
  'env.*.text',
  'env.*.allowPlain',
  'env.*.secret',
  'env.*.key',
  'env.*.config',
  'env.*.instance',
  'env.*.url',
  'env.*.address',
  'envFrom.*',
  'files.*.config',
  'files.*.key',
  'files.*.mode',
  'files.*.secret',
  'mounts.*.volume',
  'mounts.*.readOnly',
  'mounts.*.subPath',
  'mounts.*.tmpfs',
  'mounts.*.scratch',
  'mounts.*.host',
  'size.cpu',
  'size.memory',
  'size.limits.cpu',
  'size.limits.memory',
  'size.ephemeral',
  'size.gpu',
  'health.ready.http',
  'health.ready.port',
  'health.ready.interval',
  'health.ready.timeout',
  'health.ready.failures',
  'health.ready.https',
  'health.ready.tcp',
  'health.ready.grpc',
  'health.ready.service',
  'health.ready.exec',
  'health.live.http',
  'health.live.port',
  'health.live.interval',
  'health.live.timeout',
  'health.live.failures',
  'health.live.https',
  'health.live.tcp',
  'health.live.grpc',
  'health.live.service',
  'health.live.exec',
  'health.startup.within',
  'health.startup.http',
  'health.startup.https',
  'health.startup.tcp',
  'health.startup.grpc',
  'health.startup.exec',
  'health.startup.port',
  'health.startup.service',
  'health.startup.interval',
  'health.startup.timeout',
  'stop.signal',
  'stop.grace',
  'stop.drain',
  'stop.exec',
  'security.runAsNonRoot',
  'security.readOnlyRoot',
  'security.capabilities.add',
  'security.capabilities.drop',
  'security.privileged',
  'security.hostNetwork',
  'security.hostPid',
  'security.seccomp',
  'kernel.sysctls.*',
  'kernel.ulimits.*.soft',
  'kernel.ulimits.*.hard',
  'kernel.shm',
  'kernel.init',
  'allowPlain',
  'ports.*.port',
  'ports.*.as',
  'ports.*.protocol',
  'ports.*.app',
] as const


/** What a sidecar has beside them. */
export const sidecarFields = [
  'essential',
  'startBefore',
] as const


/** What services and jobs share beside the container. */
export const workloadFields = [
  'scratch.*.size',
  'scratch.*.memory',
  'networks',
  'dependsOn.*',
  'identity.permissions.*.resource',
  'identity.permissions.*.access',
  'identity.awsRole',
  'identity.serviceAccount',
  'placement.capacity',
  'placement.spot',
  'placement.pool',
  'placement.arch',
  'placement.os',
  'placement.spread.zone',
  'placement.spread.node',
  'placement.require.*',
  'placement.prefer.*',
  'placement.tolerate',
  'placement.tolerate.*',
  'logs.to',
  'logs.retention',
  'logs.rotate.size',
  'logs.rotate.files',
  'dns.servers',
  'dns.search',
  'labels.*',
  'annotations.*',
  'allow.*',
  'override.ecs',
  'override.kubernetes',
  'override.docker',
] as const


/** What only services have, from `services.*.` on. */
export const serviceFields = [
  'routes.*.host',
  'routes.*.path',
  'routes.*.match',
  'routes.*.port',
  'routes.*.protocol',
  'routes.*.listen',
  'routes.*.tls',
  'routes.*.tls.secret',
  'routes.*.rewrite',
  'routes.*.redirectHttp',
  'routes.*.timeout',
  'routes.*.sticky',
  'routes.*.allow',
  'routes.*.public',
  'publish.*.port',
  'publish.*.address',
  'aliases',
  'discovery',
  'mode',
  'scale.min',
  'scale.max',
  'scale.targets.cpu',
  'scale.targets.memory',
  'scale.targets.requests',
  'scale.targets.latency',
  'scale.targets.metrics.*.from',
  'scale.targets.metrics.*.perInstance',
  'scale.targets.metrics.*.value',
  'scale.cooldown.in',
  'scale.cooldown.out',
  'scale.schedule.*.cron',
  'scale.schedule.*.tz',
  'scale.schedule.*.min',
  'scale.schedule.*.max',
  'scale.idleAfter',
  'update.strategy',
  'update.rolling.maxSurge',
  'update.rolling.maxUnavailable',
  'update.rolling.settle',
  'update.canary.steps',
  'update.canary.every',
  'update.canary.bake',
  'update.linear.step',
  'update.linear.every',
  'update.linear.bake',
  'update.blueGreen.bake',
  'update.failFast.firstReadyWithin',
  'update.failFast.crashLoops',
  'update.rollback.auto',
  'update.rollback.when.*.metric',
  'update.rollback.when.*.above',
  'update.rollback.when.*.for',
  'update.rollback.speed',
  'update.verify',
] as const


/** What only jobs have, from `jobs.*.` on. */
export const jobFields = [
  'from',
  'run',
  'schedule',
  'tz',
  'concurrency',
  'timeout',
  'retries',
  'completions',
  'parallelism',
  'history',
  'keepFor',
] as const


export type AppField = (typeof appFields)[number]
export type ContainerField = (typeof containerFields)[number]
/** The main container of a job listens on nothing. */
export type PortlessField = Exclude<ContainerField, `ports.${string}`>
export type SidecarField = (typeof sidecarFields)[number]
export type WorkloadField = (typeof workloadFields)[number]
export type ServiceField = (typeof serviceFields)[number]
export type JobField = (typeof jobFields)[number]

type Workload = 'services.*' | 'jobs.*'

/** Pattern of a leaf of the resolved manifest. */
export type FieldPattern =
  | AppField
  | `services.*.${ContainerField | WorkloadField | ServiceField}`
  | `jobs.*.${PortlessField | WorkloadField | JobField}`
  | `${Workload}.sidecars.*.${ContainerField | SidecarField}`
  | `${Workload}.init.*.${ContainerField}`

const isPortless = (field: ContainerField): field is PortlessField => !field.startsWith('ports.')

const below = <Place extends string, Field extends string>(
  place: Place,
  fields: readonly Field[],
): readonly `${Place}.${Field}`[] => fields.map((field) => `${place}.${field}` as const)

/** All of them. */
export const fieldPatterns: readonly FieldPattern[] = [
  ...appFields,
  ...below('services.*', [...containerFields, ...workloadFields, ...serviceFields]),
  ...below('jobs.*', [...containerFields.filter(isPortless), ...workloadFields, ...jobFields]),
  ...(['services.*', 'jobs.*'] as const).flatMap((workload) => [
    ...below(`${workload}.sidecars.*`, [...containerFields, ...sidecarFields]),
    ...below(`${workload}.init.*`, containerFields),
  ]),
]
