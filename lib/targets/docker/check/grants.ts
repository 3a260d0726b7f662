/** Dangerous options need a grant of the project (DESIGN §11). */
import { problem } from '../../../core/errors.ts'
import type { Problem } from '../../../core/problems.ts'
import type { Container } from '../../../model/unit.ts'
import { containersOf } from '../../../model/unit.ts'
import type { RenderInput } from '../../target.ts'

interface Need {
  readonly grant: string
  readonly path: string
  readonly what: string
}

const isEngineSocket = (path: string): boolean =>
  /(^|\/)(docker|containerd)\.sock$/.test(path) || path === '/var/run' || path === '/run' || path === '/'

function needsOf({ mounts, security, from }: Container): readonly Need[] {
  const hostPaths = mounts.flatMap((mount) => (mount.kind === 'host' ? [mount] : []))
  return [
    ...hostPaths.map((mount) => ({
      grant: 'hostPath',
      path: `${from}.mounts`,
      what: `the path "${mount.hostPath}" of the machine`,
    })),
    ...hostPaths
      .filter(({ hostPath }) => isEngineSocket(hostPath))
      .map((mount) => ({
        grant: 'dockerSock',
        path: `${from}.mounts`,
        what: `the engine's socket by "${mount.hostPath}"`,
      })),
    ...(security.hostNetwork
      ? [{ grant: 'hostNetwork', path: `${from}.security.hostNetwork`, what: 'the network of the machine' }]
      : []),
  ]
}

export function grantProblems({ release, grants }: RenderInput): readonly Problem[] {
  return release.spec.units
    .flatMap(containersOf)
    .flatMap(needsOf)
    .filter(({ grant }) => !grants.includes(grant))
    .map(({ grant, path, what }) =>
      problem('needs-grant', `${what} is used, and the project "${release.key.project}" has no grant for it`, {
        path,
        fix: `have an administrator grant "${grant}" to the project, or do without`,
      }),
    )
}
