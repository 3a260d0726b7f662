/** Tasks of swarm as instances. */
import { startHelperExit } from '../../../core/start-helper.ts'
import type { InstanceState, ObservedInstance } from '../../../model/observed.ts'
import type { Task } from '../engine/types/service.ts'
import { templateLabel } from '../render/template.ts'

export interface TaskNames {
  readonly unit: string
  readonly nameOf: (task: Task) => string | undefined
  readonly nodeName: (id: string) => string | undefined
  /** Name of the manifest's network by the engine's id. */
  readonly networkName: (id: string) => string | undefined
  /** What the engine knows of a container that ended, beyond its exit status. */
  readonly outOfMemory: (containerId: string) => boolean
}

const nothingToDo: ReadonlySet<Task['Status']['State']> = new Set([
  'complete',
  'shutdown',
  'failed',
  'rejected',
  'remove',
  'orphaned',
])

export const isWanted = (task: Task): boolean => !nothingToDo.has(task.DesiredState)

export function instanceState({ Status: { State, ContainerStatus }, DesiredState }: Task): InstanceState {
  const leaving = nothingToDo.has(DesiredState) && DesiredState !== 'complete'
  switch (State) {
    case 'new':
    case 'allocated':
    case 'pending':
    case 'assigned':
    case 'accepted':
    case 'preparing':
    case 'ready':
      return leaving ? 'stopping' : 'pending'
    case 'starting':
      return leaving ? 'stopping' : 'starting'
    case 'running':
      return leaving ? 'stopping' : 'ready'
    case 'complete':
      return 'completed'
    case 'shutdown':
      // Stopped as asked: how the program ended then is no failure of the instance.
      return 'completed'
    case 'failed':
    case 'rejected':
    case 'orphaned':
      return 'failed'
    case 'remove':
      return (ContainerStatus?.PID ?? 0) > 0 ? 'stopping' : 'completed'
  }
}

export const timeMs = (text: string | undefined): number => {
  const parsed = Date.parse(text ?? '')
  return Number.isNaN(parsed) ? 0 : parsed
}

export function observedInstance(task: Task, names: TaskNames): ObservedInstance {
  const { Status: status } = task
  const state = instanceState(task)
  const slot = names.nameOf(task)
  const exitCode = exitCodeOf(task)
  const reason = reasonOf(task, names)
  const node = task.NodeID === undefined ? undefined : names.nodeName(task.NodeID)
  const template = task.Spec.ContainerSpec?.Labels?.[templateLabel]
  return {
    unit: names.unit,
    nativeId: task.ID,
    ...(slot === undefined ? {} : { slot }),
    ...(template === undefined ? {} : { template }),
    state,
    wanted: isWanted(task),
    sinceMs: timeMs(status.Timestamp),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason === undefined ? {} : { reason }),
    ...(node === undefined ? {} : { node }),
    ...(task.Spec.ContainerSpec === undefined ? {} : { image: task.Spec.ContainerSpec.Image }),
    addresses: addressesOf(task, names),
    hostPorts: hostPortsOf(task),
  }
}

/** Swarm reports 0 for what has not ended. */
function exitCodeOf({ Status: { State, ContainerStatus } }: Task): number | undefined {
  const ended = State === 'complete' || State === 'failed' || State === 'shutdown'
  return ended && ContainerStatus !== undefined && ContainerStatus.ContainerID !== ''
    ? ContainerStatus.ExitCode
    : undefined
}

/** 128 + SIGKILL: the engine's word decides whether memory was the reason. */
export const killedExitCode = 137

function reasonOf(
  { Status: { State, Err, Message, ContainerStatus } }: Task,
  { outOfMemory }: TaskNames,
): string | undefined {
  if (ContainerStatus?.ExitCode === killedExitCode && State === 'failed' && outOfMemory(ContainerStatus.ContainerID))
    return 'out of memory: the kernel killed it at its memory limit (exit 137); raise `size.limits.memory`'
  if (Err !== undefined && Err !== '') return State === 'failed' ? `${Err}${hint(ContainerStatus?.ExitCode)}` : Err
  const waits = State === 'pending' || State === 'new' || State === 'allocated'
  return waits && Message !== undefined && Message !== '' ? Message : undefined
}

/** What shells, the engine's init and the start helper mean by these. */
const hints: ReadonlyMap<number, string> = new Map([
  [startHelperExit.notFound, ': the program was not found in the image'],
  [startHelperExit.cannotExecute, ': the program cannot be executed'],
  [startHelperExit.secret, ': a secret for the environment could not be read'],
])

const hint = (exitCode: number | undefined): string => hints.get(exitCode ?? 0) ?? ''

function addressesOf({ NetworksAttachments }: Task, { networkName }: TaskNames): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { Network, Addresses } of NetworksAttachments ?? []) {
    const name = networkName(Network.ID)
    const address = Addresses?.[0]?.split('/')[0]
    if (name !== undefined && address !== undefined) found[name] = address
  }
  return found
}

function hostPortsOf({ Status: { PortStatus } }: Task): NonNullable<ObservedInstance['hostPorts']> {
  return (PortStatus?.Ports ?? []).flatMap(({ TargetPort, PublishedPort, Protocol, PublishMode }) =>
    PublishedPort === undefined || PublishMode !== 'host'
      ? []
      : [
          {
            port: TargetPort,
            protocol: Protocol === 'udp' ? ('udp' as const) : ('tcp' as const),
            hostPort: PublishedPort,
          },
        ],
  )
}
