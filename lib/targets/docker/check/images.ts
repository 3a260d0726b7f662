/** Images against the machines there are, and against what the manifest demands of them. */
import { problem } from '../../../core/errors.ts'
import type { Problem } from '../../../core/problems.ts'
import type { Container } from '../../../model/unit.ts'
import { containersOf } from '../../../model/unit.ts'
import type { RenderInput } from '../../target.ts'
import { imageArch } from '../facts.ts'
import { containerUser, isRoot } from '../render/identity.ts'
import { usableNodes } from './cluster.ts'
import type { Cluster } from './cluster.ts'

export function imageProblems({ release }: RenderInput, cluster: Cluster): readonly Problem[] {
  const architectures = [
    ...new Set(usableNodes(cluster).map(({ Description }) => imageArch(Description.Platform.Architecture ?? ''))),
  ]
  return release.spec.units
    .flatMap(containersOf)
    .flatMap((container) => [...platform(container, architectures), ...nonRoot(container)])
}

function platform({ image, from }: Container, architectures: readonly string[]): readonly Problem[] {
  const arch = image.config?.arch
  if (arch === undefined || arch === '' || architectures.includes(arch)) return []
  return [
    problem(
      'image-platform',
      `the image "${image.reference ?? image.pinned ?? ''}" is for ${arch}, but the machines are ${architectures.join(', ') || 'none'}`,
      {
        path: `${from}.image`,
        allowed: architectures,
        fix: 'build or choose the image for one of these architectures',
      },
    ),
  ]
}

function nonRoot(container: Container): readonly Problem[] {
  if (container.security.runAsNonRoot !== true || !isRoot(containerUser(container))) return []
  return [
    problem(
      'conflict',
      `\`runAsNonRoot\` is demanded, but "${container.image.reference ?? 'the image'}" runs as root`,
      {
        path: `${container.from}.security.runAsNonRoot`,
        fix: 'give a `user` that is not root, or use an image that has one',
      },
    ),
  ]
}
