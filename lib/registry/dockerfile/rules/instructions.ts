/** Single instructions that say something else than was meant. */
import { expand, readPairs } from '../expand.ts'
import { finding } from '../parse.ts'
import { commandsOf, ofKeyword } from '../context.ts'
import type { Rule } from '../context.ts'
import { volumePaths } from '../defaults.ts'
import { programOf } from '../shell.ts'
import { looksSecret } from '../../../core/secrecy.ts'

export const maintainer: Rule = ({ dockerfile }) =>
  dockerfile.instructions
    .filter(({ keyword }) => keyword === 'MAINTAINER')
    .map((instruction) =>
      finding('df-maintainer', instruction, 'MAINTAINER is obsolete', {
        fix: `write \`LABEL org.opencontainers.image.authors=${JSON.stringify(instruction.text)}\``,
      }),
    )

export const volumeCommas: Rule = ({ dockerfile }) =>
  dockerfile.instructions
    .filter(
      ({ keyword, json, text }) =>
        keyword === 'VOLUME' && json === undefined && text.includes(',') && !text.startsWith('['),
    )
    .map((instruction) =>
      finding('df-volume-comma', instruction, `the commas in "VOLUME ${instruction.text}" become part of the paths`, {
        value: instruction.text,
        fix: `write \`VOLUME ${JSON.stringify(volumePaths(instruction))}\``,
      }),
    )

export const unmountedVolumes: Rule = ({ steps, mounts }) =>
  ofKeyword(steps, 'VOLUME').flatMap(({ instruction, variables }) =>
    volumePaths(instruction)
      .map((path) => expand(path, variables, '\\'))
      .filter((path) => !mounts.includes(path))
      .map((path) =>
        finding(
          'anonymous-volume-named',
          instruction,
          `the image declares a volume at ${path} that nothing mounts; it gets a volume with a name`,
          {
            value: path,
            fix: `mount a volume at ${path}, or remove it from VOLUME`,
          },
        ),
      ),
  )

export const secretsInImage: Rule = ({ dockerfile }) =>
  dockerfile.instructions.flatMap((instruction) => {
    if (instruction.keyword !== 'ENV' && instruction.keyword !== 'ARG') return []
    return readPairs(instruction.words, instruction.text).flatMap(([name, value]) => {
      const plain = value.replaceAll(/^["']|["']$/g, '')
      // What another variable holds is judged where that one is set.
      if (plain.startsWith('$') || looksSecret(name, plain) === undefined) return []
      return [
        finding(
          'df-secret-env',
          instruction,
          `${instruction.keyword} ${name} looks like a credential; everybody who has the image can read it`,
          {
            fix: `remove ${name} here and give it as a secret when the container starts`,
          },
        ),
      ]
    })
  })

export const relativeWorkdir: Rule = ({ stages }) =>
  stages.flatMap(({ steps }) =>
    ofKeyword(steps, 'WORKDIR').flatMap(({ instruction, workdir, variables }) => {
      const path = expand(instruction.text, variables, '\\')
      if (
        workdir !== undefined ||
        path === '' ||
        path.startsWith('/') ||
        /^[A-Za-z]:/.test(path) ||
        instruction.text.startsWith('$')
      )
        return []
      return [
        finding(
          'df-workdir-relative',
          instruction,
          `WORKDIR "${path}" is relative to whatever folder the base image says`,
          { value: path, fix: `write \`WORKDIR /${path}\`` },
        ),
      ]
    }),
  )

export const lostDirectory: Rule = ({ stages }) =>
  stages.flatMap(({ steps }) =>
    ofKeyword(steps, 'RUN').flatMap(({ instruction }) => {
      const commands = commandsOf(instruction)
      const last = commands.at(-1)
      const first = commands[0]
      const folder = first?.words[1] ?? ''
      if (last !== undefined && programOf(last) === 'cd')
        return [
          finding('df-cd', instruction, `"cd ${last.words[1] ?? ''}" is forgotten at the end of its RUN line`, {
            fix: `write \`WORKDIR ${last.words[1] ?? '/'}\``,
          }),
        ]
      if (
        first === undefined ||
        programOf(first) !== 'cd' ||
        folder.startsWith('/tmp') ||
        folder.startsWith('/usr/src')
      )
        return []
      return [
        finding('df-cd', instruction, `"cd ${folder}" holds for this RUN line only`, {
          fix: `write \`WORKDIR ${folder}\` before it`,
        }),
      ]
    }),
  )

export const overridden: Rule = ({ stages }) =>
  stages.flatMap(({ steps }) =>
    (['CMD', 'ENTRYPOINT', 'HEALTHCHECK'] as const).flatMap((keyword) =>
      ofKeyword(steps, keyword)
        .slice(0, -1)
        .map(({ instruction }) =>
          finding('df-overridden', instruction, `this ${keyword} is replaced by a later one in the same stage`, {
            fix: `keep one ${keyword} per stage`,
          }),
        ),
    ),
  )
