/** Every command, by topic. */
import type { AnyRecord, Topic } from '../command.ts'
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

/** In the order of help. */
export const topics: readonly Topic[] = [
  { title: 'From manifest to release:', commands: [init, validate, schema, plan, deploy, approve, cancel] },
  { title: 'What runs:', commands: [ls, status, logs, exec, events, releases, runs] },
  { title: 'What is done to it:', commands: [rollback, scale, restart, stop, start, run, secrets, rm] },
  { title: 'The platform:', commands: [clusters, nodes, projects, tokens, audit, volumes, prune] },
  { title: 'This machine:', commands: [up, doctor, login, completion, version] },
]

export const commands: readonly AnyRecord[] = topics.flatMap((topic) => topic.commands)
