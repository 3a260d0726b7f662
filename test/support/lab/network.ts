/**
 * The network of a lab: a bridge in a namespace of its own (in the host's, the engine's FORWARD DROP would swallow
 * traffic between nodes), one namespace per node, and one link to the host.
 */
import { run } from './command.ts'

export interface LabNetwork {
  readonly slot: number
  /** The host's side, which nodes reach too: a registry for them listens here. */
  readonly hostAddress: string
}

export const namespaceOf = (slot: number, node: string): string => `escale-${slot}-${node}`
export const addressOf = (slot: number, index: number): string => `10.199.${slot}.${index}`

const ip = (args: string): Promise<string> => run('ip', args.split(' '))

export async function makeNetwork(slot: number): Promise<LabNetwork> {
  const hub = namespaceOf(slot, 'hub')
  const hostAddress = addressOf(slot, 254)
  await ip(`netns add ${hub}`)
  await ip(`-n ${hub} link add br0 type bridge`)
  await ip(`-n ${hub} link set br0 up`)
  await ip(`link add escale${slot} type veth peer name h0 netns ${hub}`)
  await ip(`-n ${hub} link set h0 master br0 up`)
  await ip(`addr add ${hostAddress}/24 dev escale${slot}`)
  await ip(`link set escale${slot} up`)
  return { slot, hostAddress }
}

/** There is no default route: what leaves the lab fails at once instead of after a name server's time limit. */
export async function plugNode(slot: number, index: number): Promise<{ namespace: string; address: string }> {
  const hub = namespaceOf(slot, 'hub')
  const namespace = namespaceOf(slot, `n${index}`)
  const address = addressOf(slot, index)
  await ip(`netns add ${namespace}`)
  await ip(`-n ${hub} link add v${index} type veth peer name eth0 netns ${namespace}`)
  await ip(`-n ${hub} link set v${index} master br0 up`)
  await ip(`-n ${namespace} link set lo up`)
  await ip(`-n ${namespace} addr add ${address}/24 dev eth0`)
  await ip(`-n ${namespace} link set eth0 up`)
  return { namespace, address }
}

export const setCable = (slot: number, index: number, state: 'up' | 'down'): Promise<string> =>
  ip(`-n ${namespaceOf(slot, 'hub')} link set v${index} ${state}`)
