/** The keys of a container: of the main one, of sidecars and of init. */
import * as z from 'zod'
import { hinted } from '../grammar/hints.ts'
import { absolutePath, someText, text } from '../grammar/text.ts'
import { env, envFrom } from './env.ts'
import { files } from './files.ts'
import { health } from './health.ts'
import { build, image } from './image.ts'
import { kernel } from './kernel.ts'
import { mounts } from './mounts.ts'
import { ports } from './ports.ts'
import { security } from './security.ts'
import { size } from './size.ts'
import { stop } from './stop.ts'

const words = hinted(z.array(text), { commandLine: true })

const keysBeforePorts = {
  image: image.optional(),
  build: build.optional(),
  entrypoint: words
    .optional()
    .describe("A list. Absent: the image's. `[]` clears. Without `command` the image's command is dropped."),
  command: words.optional().describe("A list. Absent: the image's. `[]` clears."),
  workdir: absolutePath.optional().describe("Absent: the image's."),
  user: someText.optional().describe("User and group, by name or number: `1000:1000`. Absent: the image's."),
  env: env
    .optional()
    .describe('Variables: text, or a reference to a secret, a config, the instance, a route or a port.'),
  envFrom: envFrom.optional().describe('All values of a config or secret as variables; `env` beats them.'),
  files: files.optional().describe('Configs and secrets as files, by path.'),
  mounts: mounts.optional().describe('Volumes, memory, scratch space and host paths, by path.'),
}

const keysAfterPorts = {
  size: size
    .optional()
    .describe('What is reserved, and what caps. Absent: nothing is reserved where the target allows it.'),
  health: health.optional().describe('Checks. `health: /up` is short for ready and live over http.'),
  stop: stop.prefault({}).describe('How an instance ends.'),
  security: security.prefault({}).describe('What the container may do. Defaults come from the image.'),
  kernel: kernel.prefault({}).describe('Kernel settings.'),
  allowPlain: z
    .literal(true)
    .optional()
    .describe('A word of `entrypoint`, `command`, `build.args` or a check looks like a secret and is none.'),
}

/** Without `ports`, which the main container of a job has not. */
export const portlessKeys = { ...keysBeforePorts, ...keysAfterPorts }

export const containerKeys = {
  ...keysBeforePorts,
  ports: ports.optional().describe('What the process listens on, by name.'),
  ...keysAfterPorts,
}

/** An image of another kind replaces the one below it; both in one place: build, and push there. */
export const imageKinds = ['image', 'build'] as const

export const container = hinted(z.strictObject(containerKeys), { instead: imageKinds })

export const sidecar = hinted(
  z.strictObject({
    ...containerKeys,
    essential: z.boolean().default(true).describe('Its end is the end of the instance.'),
    startBefore: z.literal('main').optional().describe('Started, and ready, before the main container.'),
  }),
  { instead: imageKinds },
)

export type ContainerSection = z.output<typeof container>
export type SidecarSection = z.output<typeof sidecar>
