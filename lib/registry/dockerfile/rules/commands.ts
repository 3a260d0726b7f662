/** How the container's program is started. */
import { ofKeyword } from '../context.ts'
import type { LintContext, Rule } from '../context.ts'
import { finding } from '../parse.ts'
import type { Instruction } from '../parse.ts'
import { programOf, splitCommands } from '../shell.ts'
import type { Command } from '../shell.ts'

export const lastOf = ({ steps }: LintContext, keyword: 'CMD' | 'ENTRYPOINT'): Instruction | undefined =>
  ofKeyword(steps, keyword).at(-1)?.instruction

/** The shell gives way to the program only where it is told to. */
const inShellForm = ({ json, text }: Instruction): boolean => json === undefined && text !== '' && !/^exec\s/.test(text)

export const shellForm: Rule = (context) => {
  const entrypoint = lastOf(context, 'ENTRYPOINT')
  return [entrypoint, lastOf(context, 'CMD')].flatMap((instruction) => {
    if (instruction === undefined || !inShellForm(instruction)) return []
    const plain = !/[$&|;<>*?"'`\\(){}]/.test(instruction.text)
    const list = JSON.stringify(instruction.text.split(/\s+/))
    return [
      finding(
        'df-shell-form',
        instruction,
        `${instruction.keyword} in shell form: the stop signal reaches /bin/sh, not the program`,
        {
          fix: plain ? `write \`${instruction.keyword} ${list}\`` : `write a JSON list, or begin with \`exec\``,
        },
      ),
    ]
  })
}

export const shellEntrypoint: Rule = (context) => {
  const entrypoint = lastOf(context, 'ENTRYPOINT')
  if (entrypoint === undefined || entrypoint.json !== undefined || entrypoint.text === '') return []
  const command = lastOf(context, 'CMD')
  const ignored =
    command === undefined ? 'any command given later is ignored' : `the CMD of line ${command.line} is ignored`
  return [
    finding('df-shell-entrypoint', entrypoint, `ENTRYPOINT in shell form: ${ignored}`, {
      fix: 'write ENTRYPOINT as a JSON list',
    }),
  ]
}

/** What the container runs, without the shell around it. */
export function startedProgram(
  context: LintContext,
): { readonly command: Command; readonly instruction: Instruction } | undefined {
  const entrypoint = lastOf(context, 'ENTRYPOINT')
  const cmd = lastOf(context, 'CMD')
  const instruction = entrypoint ?? cmd
  if (instruction === undefined) return undefined
  if (instruction.json === undefined) {
    const commands = splitCommands(instruction.text)
    const command = commands.at(-1)
    return command === undefined ? undefined : { command, instruction }
  }
  const words = entrypoint === undefined ? instruction.json : [...instruction.json, ...(cmd?.json ?? [])]
  const [shell, flag, text] = words
  if (/(?:^|\/)(?:ba|da|a)?sh$/.test(shell ?? '') && flag === '-c') {
    const command = splitCommands(text ?? '').at(-1)
    return command === undefined ? undefined : { command, instruction }
  }
  const inner = words[0]?.split('/').at(-1) === 'env' ? words.slice(1).filter((word) => !word.includes('=')) : words
  return { command: { words: inner, offset: 0 }, instruction }
}

interface Daemon {
  /** Whether these arguments keep it in the foreground. */
  readonly stays: (args: string) => boolean
  readonly fix: string
}

const daemons: Readonly<Record<string, Daemon>> = {
  nginx: {
    stays: (args) => /daemon\s+off/.test(args) || /(?:^|\s)-[tTvVhs]/.test(args),
    fix: 'write `CMD ["nginx", "-g", "daemon off;"]`',
  },
  httpd: { stays: (args) => /FOREGROUND|(?:^|\s)-[XtvVlLMS]/.test(args), fix: 'add `-DFOREGROUND`' },
  apache2: { stays: (args) => /FOREGROUND|(?:^|\s)-X/.test(args), fix: 'add `-DFOREGROUND`' },
  apache2ctl: {
    stays: (args) => /FOREGROUND|configtest/.test(args),
    fix: 'write `CMD ["apache2ctl", "-D", "FOREGROUND"]`',
  },
  apachectl: {
    stays: (args) => /FOREGROUND|configtest/.test(args),
    fix: 'write `CMD ["apachectl", "-D", "FOREGROUND"]`',
  },
  sshd: { stays: (args) => /(?:^|\s)-\w*[Dd]/.test(args), fix: 'add `-D`' },
  'redis-server': { stays: (args) => !/--daemonize\s+yes/.test(args), fix: 'leave out `--daemonize yes`' },
  service: {
    stays: (args) => !/\s(?:start|restart)\s*$/.test(` ${args}`),
    fix: 'start the program itself in the foreground',
  },
  systemctl: {
    stays: (args) => !/(?:^|\s)(?:start|restart)\s/.test(args),
    fix: 'start the program itself in the foreground',
  },
}

export const daemonizes: Rule = (context) => {
  const started = startedProgram(context)
  if (started === undefined) return []
  const name = programOf(started.command)
  const daemon = Object.hasOwn(daemons, name) ? daemons[name] : undefined
  if (daemon === undefined || daemon.stays(started.command.words.slice(1).join(' '))) return []
  // The setting may stand in a configuration file that the image gets.
  const configured = context.steps.some(
    ({ instruction }) =>
      (instruction.keyword === 'RUN' && /daemon\s+off/.test(instruction.text)) ||
      (['COPY', 'ADD'].includes(instruction.keyword) && /\.conf\b|\/etc\//.test(instruction.text)),
  )
  if (configured) return []
  return [
    finding('df-daemonizes', started.instruction, `"${name}" goes to the background, and the container stops at once`, {
      value: name,
      fix: daemon.fix,
    }),
  ]
}
