/** Every command, a line each, in the order of help. */
import type { AnyRecord } from '../command.ts'
import { approve } from './approve.ts'
import { audit } from './audit.ts'
import { cancel } from './cancel.ts'
import { clusters } from './clusters.ts'
import { completion } from './completion.ts'
import { deploy } from './deploy.ts'
import { doctor } from './doctor.ts'
import { events } from './events.ts'
import { exec } from './exec.ts'
import { init } from './init.ts'
import { login } from './login.ts'
import { logs } from './logs.ts'
import { ls } from './ls.ts'
import { nodes } from './nodes.ts'
import { plan } from './plan.ts'
import { projects } from './projects.ts'
import { prune } from './prune.ts'
import { releases } from './releases.ts'
import { restart } from './restart.ts'
import { rm } from './rm.ts'
import { rollback } from './rollback.ts'
import { run } from './run.ts'
import { runs } from './runs.ts'
import { scale } from './scale.ts'
import { schema } from './schema.ts'
import { secrets } from './secrets.ts'
import { start } from './start.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import { tokens } from './tokens.ts'
import { up } from './up.ts'
import { validate } from './validate.ts'
import { version } from './version.ts'
import { volumes } from './volumes.ts'

export const commands: readonly AnyRecord[] = [
  init,
  validate,
  schema,
  plan,
  deploy,
  approve,
  cancel,
  status,
  logs,
  exec,
  events,
  releases,
  rollback,
  scale,
  restart,
  stop,
  start,
  rm,
  run,
  runs,
  secrets,
  volumes,
  prune,
  ls,
  clusters,
  nodes,
  projects,
  tokens,
  audit,
  login,
  up,
  doctor,
  completion,
  version,
]
