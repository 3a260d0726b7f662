/** Finds out what this swarm is. */
import { gunzipSync } from 'node:zlib'
import type { Json } from '../../core/hash.ts'
import type { Capabilities } from '../target.ts'
import type { Engine } from './engine/engine.ts'
import { factsToJson, imageArch } from './facts.ts'

/** Reads a file of the machine the engine runs on; undefined where there is none, or where it is another machine. */
export type ReadHostFile = (path: string) => Promise<Uint8Array | undefined>

/** Written on nodes by their own runtime; the whole swarm balances in the kernel only if every node can. */
export const ipvsNodeLabel = 'io.escale.ipvs'

/**
 * Whether a kernel balances (IPVS). Its file exists once the module is loaded; before that only the configuration
 * tells. Where nothing can be told the answer is no: names with all addresses work on every kernel (ruling C5).
 */
export async function detectIpvs(read: ReadHostFile, kernelRelease: string): Promise<boolean> {
  if ((await read('/proc/net/ip_vs')) !== undefined) return true
  const zipped = await read('/proc/config.gz')
  const config = zipped === undefined ? await read(`/boot/config-${kernelRelease}`) : gunzipSync(zipped)
  if (config !== undefined) return /^CONFIG_IP_VS=[ym]$/m.test(Buffer.from(config).toString('utf8'))
  const modules = await Promise.all(
    ['builtin', 'dep'].map((list) => read(`/lib/modules/${kernelRelease}/modules.${list}`)),
  )
  return modules.some((list) => list !== undefined && /\/ip_vs\.ko/.test(Buffer.from(list).toString('utf8')))
}

export interface CapabilitiesInput {
  readonly engine: Engine
  readonly read: ReadHostFile
  /** Settled by the operator; absent: found out. */
  readonly ipvs?: boolean | undefined
  readonly startHelper: Readonly<Record<string, string>>
  readonly ingress?: { readonly domain?: string; readonly httpPort: number; readonly httpsPort?: number } | undefined
}

export async function findCapabilities({
  engine,
  read,
  ipvs,
  startHelper,
  ingress,
}: CapabilitiesInput): Promise<Capabilities> {
  const [info, nodes] = await Promise.all([engine.system.info(), engine.nodes.list()])
  const labelled = nodes.map(({ Spec }) => Spec.Labels[ipvsNodeLabel]).filter((label) => label !== undefined)
  const kernel =
    ipvs ??
    (labelled.length === nodes.length
      ? labelled.every((label) => label === 'true')
      : await detectIpvs(read, info.KernelVersion))
  const architectures = [
    ...new Set(nodes.map(({ Description }) => imageArch(Description.Platform.Architecture ?? info.Architecture))),
  ].toSorted()
  const facts: Readonly<Record<string, Json>> = factsToJson({
    engine: info.ServerVersion,
    api: engine.apiVersion,
    ipvs: kernel,
    architectures,
    startHelper,
    ...(ingress?.domain === undefined ? {} : { domain: ingress.domain }),
    httpPort: ingress?.httpPort ?? 80,
    httpsPort: ingress?.httpsPort ?? 443,
  })
  return { target: 'docker', facts }
}
