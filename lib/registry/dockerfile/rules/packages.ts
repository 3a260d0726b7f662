/** What is installed, and whether it has to be. */
import { finding } from '../parse.ts'
import type { Finding } from '../parse.ts'
import { commandsOf, ofKeyword } from '../context.ts'
import type { Rule } from '../context.ts'
import { buildTools, compilers, misnamed, needless, packageCall, packageName } from '../packages.ts'
import type { PackageCall } from '../packages.ts'
import { programOf } from '../shell.ts'
import type { Step } from '../stages.ts'

interface Install {
  readonly step: Step
  readonly call: PackageCall
}

const installsOf = (steps: readonly Step[]): readonly Install[] =>
  ofKeyword(steps, 'RUN').flatMap((step) =>
    commandsOf(step.instruction).flatMap((command) => {
      const call = packageCall(command)
      return call?.action === 'install' ? [{ step, call }] : []
    }),
  )

export const unknownPackages: Rule = ({ stages }) =>
  stages.flatMap(({ steps }) =>
    installsOf(steps).flatMap(({ step, call }) =>
      call.packages.flatMap((given): Finding[] => {
        const name = packageName(given)
        const right = Object.hasOwn(misnamed[call.family], name) ? misnamed[call.family][name] : undefined
        if (right === undefined) return []
        return [
          finding('df-package-unknown', step.instruction, `there is no package "${name}"`, {
            value: name,
            fix: `install \`${right}\``,
          }),
        ]
      }),
    ),
  )

export const recommends: Rule = ({ steps }) =>
  installsOf(steps)
    .filter(
      ({ call }) =>
        call.family === 'apt' &&
        !call.flags.some((flag) => flag.includes('no-install-recommends') || flag.includes('Install-Recommends')),
    )
    .slice(0, 1)
    .map(({ step }) =>
      finding('df-recommends', step.instruction, 'apt installs recommended packages too', {
        fix: 'add `--no-install-recommends`',
      }),
    )

export const needlessPackages: Rule = ({ steps }) =>
  installsOf(steps).flatMap(({ step, call }) =>
    call.packages
      .map(packageName)
      .filter((name) => needless.has(name))
      .map((name) =>
        finding('df-needless-package', step.instruction, `a running service does not need "${name}"`, {
          value: name,
          fix: `leave \`${name}\` out`,
        }),
      ),
  )

/** Base images that are build tools. */
const toolImages = new Set(['library/golang', 'library/rust', 'library/maven', 'library/gradle', 'library/gcc'])

export const buildToolsKept: Rule = ({ steps, base, stages }) => {
  if (stages.length > 1 && steps.some(({ instruction }) => instruction.flags.some(({ name }) => name === 'from')))
    return []
  const compiles = ofKeyword(steps, 'RUN').find(({ instruction }) =>
    commandsOf(instruction).some((command) => compilers.has(programOf(command))),
  )
  const installs = installsOf(steps).some(({ call }) => call.packages.some((name) => buildTools.has(packageName(name))))
  if (compiles === undefined || !(installs || (base !== undefined && toolImages.has(base.repository)))) return []
  return [
    finding(
      'df-no-multistage',
      compiles.instruction,
      'the program is built in the image that runs it, so compilers and sources stay in it',
      {
        fix: 'build in a stage of its own (`FROM … AS build`) and take the result with `COPY --from=build`',
      },
    ),
  ]
}
