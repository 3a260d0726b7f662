/** `import … from 'escale/client'`: the typed client of the API. */
export { createClient } from '../../lib/client/client.ts'
export type { Client, ClientOptions } from '../../lib/client/client.ts'
export { ApiError } from '../../lib/client/errors.ts'
export type { ApiCode, ApiProblem, ProblemDocument } from '../../lib/client/errors.ts'
export type { ExecCommand, ExecOutput, ExecStream } from '../../lib/client/exec.ts'
export type { LogFilter } from '../../lib/client/follow.ts'
export type {
  Answer,
  App,
  AppAddress,
  AppStatus,
  CallOptions,
  Deployment,
  DeploymentSummary,
  Event,
  Input,
  LogLine,
  Plan,
  Release,
  Run,
} from '../../lib/client/types.ts'
export type { Operation } from '../../lib/api/routes/table.ts'
