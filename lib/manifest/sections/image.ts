/** `image` and `build`: what a container is made from. */
import * as z from 'zod'
import type { Build } from '../../model/unit.ts'
import { named } from '../grammar/shape.ts'
import { argName, imageReference, localPath, someText, text } from '../grammar/text.ts'

export const image = imageReference.describe('The image. With `build`: where the built image is pushed.')

export const build = z
  .strictObject({
    context: localPath.default('.').describe("Folder that is sent to the build, inside the manifest's folder."),
    dockerfile: localPath.default('Dockerfile').describe('The Dockerfile, relative to the context.'),
    target: someText.optional().describe('Stage to build.'),
    args: named(argName, text).optional().describe('Build arguments. They stay visible in the image: no secrets here.'),
    platforms: z
      .array(z.enum(['linux/amd64', 'linux/arm64']))
      .min(1)
      .optional()
      .describe('Platforms to build for. Absent: those of the workers.'),
  })
  .describe('Builds the image from sources.')

export const lowerBuild = (value: z.output<typeof build>): Build => ({
  context: value.context,
  dockerfile: value.dockerfile,
  target: value.target,
  args: value.args ?? {},
  platforms: value.platforms ?? [],
})
