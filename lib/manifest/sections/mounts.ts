/** `mounts`: volumes, memory, scratch space and host paths in a container. */
import * as z from 'zod'
import { parseMemory } from '../../core/units/memory.ts'
import type { Mount } from '../../model/unit.ts'
import { formatPath } from '../../core/problems.ts'
import { hinted } from '../grammar/hints.ts'
import { memory } from '../grammar/quantity.ts'
import { named } from '../grammar/shape.ts'
import { absolutePath, innerPath, name } from '../grammar/text.ts'

const readOnly = z.boolean().default(false).describe('Mounts it for reading alone.')

const mount = z.union([
  z.strictObject({
    volume: name.describe('A volume of the app.'),
    readOnly,
    subPath: innerPath.optional().describe('A folder inside the volume.'),
  }),
  z.strictObject({
    tmpfs: hinted(z.union([memory, z.literal('unlimited')]), {
      code: 'invalid-unit',
      expected: 'an amount such as `64Mi`, or `unlimited`',
    }).describe('Memory as a file system, of this size at most.'),
  }),
  z.strictObject({ scratch: name.describe('Scratch space of the service.') }),
  z.strictObject({ host: absolutePath.describe('A path of the machine. Needs a grant.'), readOnly }),
])

export const mounts = named(absolutePath, mount)

export type Mounts = z.output<typeof mounts>

export const lowerMounts = (value: Mounts, at: readonly string[]): readonly Mount[] =>
  Object.entries(value).map(([path, each]): Mount => {
    const base = { path, from: formatPath([...at, 'mounts', path]) }
    if ('volume' in each) {
      return { ...base, kind: 'volume', volume: each.volume, readOnly: each.readOnly, subPath: each.subPath }
    }
    if ('tmpfs' in each) return { ...base, kind: 'tmpfs', sizeBytes: parseMemory(each.tmpfs) }
    if ('scratch' in each) return { ...base, kind: 'scratch', scratch: each.scratch }
    return { ...base, kind: 'host', hostPath: each.host, readOnly: each.readOnly }
  })
