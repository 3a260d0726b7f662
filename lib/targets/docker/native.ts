/** The engine's objects in the form in which bodies are rendered: names instead of ids. */
import type { Json, JsonObject } from '../../core/hash.ts'
import type { Labels } from './engine/types/common.ts'
import type { Network, Volume } from './engine/types/resource.ts'
import type { ServiceSpec } from './engine/types/service.ts'
import type { Config, Secret } from './engine/types/swarm.ts'
import { isObject, textOf } from './json.ts'

/** JSON values come out of JSON: absent members are dropped on the way. */
export const toJson = (value: unknown): JsonObject => {
  const json: unknown = JSON.parse(JSON.stringify(value))
  return isObject(json) ? json : {}
}

const labelsOf = (labels: Labels | null | undefined): JsonObject => ({ Labels: { ...labels } })

export function nativeService(spec: ServiceSpec, networkName: (id: string) => string): JsonObject {
  const body = toJson(spec)
  const task = isObject(body['TaskTemplate']) ? body['TaskTemplate'] : {}
  const networks = Array.isArray(task['Networks']) ? task['Networks'] : []
  return {
    ...body,
    TaskTemplate: { ...task, Networks: networks.map((entry) => named(entry, networkName)) },
  }
}

const named = (entry: Json, networkName: (id: string) => string): Json =>
  isObject(entry) ? { ...entry, Target: networkName(textOf(entry['Target'])) } : entry

export const nativeNetwork = (network: Network): JsonObject => ({
  Name: network.Name,
  Driver: network.Driver,
  Attachable: network.Attachable,
  Internal: network.Internal,
  ...labelsOf(network.Labels),
})

export const nativeVolume = (volume: Volume, pin: string | undefined): JsonObject => ({
  Name: volume.Name,
  Driver: volume.Driver,
  ...(pin === undefined ? {} : { Pin: pin }),
  ...labelsOf(volume.Labels),
})

export const nativeConfig = (config: Config): JsonObject => ({
  Name: config.Spec.Name,
  Data: config.Spec.Data,
  ...labelsOf(config.Spec.Labels),
})

export const nativeSecret = (secret: Secret): JsonObject => ({
  Name: secret.Spec.Name,
  ...labelsOf(secret.Spec.Labels),
})

/**
 * A network that the swarm no longer has, on an engine whose last containers are still leaving it: lists show the
 * engine's own view of it, with its peers, only where the swarm has none (measured on 20.10).
 */
export const isLingering = ({ Scope, Peers }: Network): boolean =>
  Scope === 'swarm' && Peers !== undefined && Peers.length > 0
