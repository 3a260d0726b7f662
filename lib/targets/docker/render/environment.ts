/** The environment of a container: what can be written out, and what only the start helper can fill in. */
import type { Container, EnvValue, ServiceUnit, Unit } from '../../../model/unit.ts'
import { serviceUnits } from '../../../model/unit.ts'
import { literal } from '../escape.ts'
import { complain } from './context.ts'
import type { RenderContext } from './context.ts'
import { mountSecret } from './files.ts'
import type { FileSet } from './files.ts'
import { routeUrl } from './url.ts'

export interface Environment {
  /** `NAME=value`, templates of swarm among them. */
  readonly native: readonly string[]
  /** Variable to the file that holds its value. */
  readonly files: Readonly<Record<string, string>>
  /** Variables that get the container's address. */
  readonly address: readonly string[]
}

export interface EnvPlace {
  readonly unit: Unit
  readonly container: Container
  readonly ordinal: number | undefined
  readonly files: FileSet
}

/** Where the helper finds the value of a variable that holds a secret. */
const secretPath = (variable: string): string => `/run/secrets/.env/${variable}`

export function renderEnvironment(context: RenderContext, place: EnvPlace): Environment {
  const native: string[] = []
  const files: Record<string, string> = {}
  const address: string[] = []
  const { container } = place
  for (const name of Object.keys(container.env).toSorted()) {
    const value = container.env[name]
    if (value === undefined) continue
    const from = `${container.from}.env.${name}`
    if (value.kind === 'secret') {
      mountSecret(context, place.files, secretPath(name), value, 0o400, from)
      files[name] = secretPath(name)
    } else if (value.kind === 'instance' && value.fact === 'ip') address.push(name)
    else native.push(`${name}=${nativeValue(context, place, value, from)}`)
  }
  return { native, files, address }
}

type NativeValue = Exclude<EnvValue, { readonly kind: 'secret' }>

function nativeValue(context: RenderContext, place: EnvPlace, value: NativeValue, from: string): string {
  switch (value.kind) {
    case 'text':
      return literal(value.text)
    case 'instance':
      return instanceValue(context, place, value.fact)
    case 'url':
      return literal(urlValue(context, value.service, value.route, from))
    case 'address':
      return literal(addressValue(context, value.service, value.port, from))
  }
}

function instanceValue(
  context: RenderContext,
  { unit, ordinal }: EnvPlace,
  fact: Extract<EnvValue, { kind: 'instance' }>['fact'],
): string {
  const { key } = context.input.release
  switch (fact) {
    case 'ordinal':
      return ordinal === undefined ? '{{.Task.Slot}}' : String(ordinal)
    case 'name':
      if (ordinal !== undefined) return `${unit.name}-${ordinal}`
      return unit.kind === 'service' && unit.mode === 'perNode'
        ? `${unit.name}-{{.Node.Hostname}}`
        : `${unit.name}-{{.Task.Slot}}`
    case 'node':
      return '{{.Node.Hostname}}'
    case 'project':
      return key.project
    case 'app':
      return key.app
    case 'service':
      return unit.name
    case 'environment':
      return key.environment
    case 'ip':
      // Swarm has no template for it: the start helper sets it.
      return ''
  }
}

function urlValue(context: RenderContext, service: string, name: string, from: string): string {
  const route = findService(context, service)?.routes.find((candidate) => candidate.name === name)
  if (route !== undefined) return routeUrl(route, service, context.input.release.key, context.facts)
  complain(context, 'unknown-reference', from, `"${service}.${name}" names no route of the app`)
  return ''
}

function addressValue(context: RenderContext, service: string, name: string, from: string): string {
  const unit = findService(context, service)
  const ports = [...(unit?.main.ports ?? []), ...(unit?.sidecars.flatMap((sidecar) => sidecar.ports) ?? [])]
  const external = context.input.release.spec.external.find((candidate) => candidate.name === service)
  const port = [...ports, ...(external?.kind === 'host' ? external.ports : [])].find(
    (candidate) => candidate.name === name,
  )
  if (port !== undefined) return `${service}:${port.as ?? port.port}`
  complain(context, 'unknown-reference', from, `"${service}.${name}" names no port of the app`)
  return ''
}

const findService = (context: RenderContext, name: string): ServiceUnit | undefined =>
  serviceUnits(context.input.release.spec).find((unit) => unit.name === name)
