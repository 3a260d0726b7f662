import type { ExecStream } from '../../client/exec.ts'
import { addressOf, appOptions } from '../app.ts'
import { command } from '../command.ts'
import type { World } from '../world.ts'
import { usage } from './shared.ts'

export const exec = command({
  name: 'exec',
  summary: 'run a command in an instance',
  description:
    'Runs a command in an instance of a service, any that runs unless one is named, and ends with its exit status. ' +
    'On a terminal it gets one; elsewhere standard input is handed over as it is.',
  options: {
    ...appOptions,
    instance: { value: 'id', description: 'this instance; see `escale status -o wide`' },
    withoutTerminal: { short: 'T', description: 'no terminal for the command, even on one' },
    withoutInput: { short: 'n', description: 'no standard input' },
  },
  arguments: {
    service: { description: 'the service', required: true, completes: 'service' },
    command: { description: 'the command, after `--`; else a shell', rest: true },
  },
  examples: [
    { line: 'escale exec web', says: 'a shell' },
    { line: 'escale exec db -- psql -U app -c "select 1"', says: 'one command' },
    { line: 'escale exec db -- sh -c "cat > /tmp/dump" < dump.sql', says: 'with input from a file' },
  ],
  async handler(context, { options, args }) {
    const { world, interrupted, out } = context
    if (!out.forPeople) throw usage('`exec` passes the output of the command on as it is', 'leave -o out')
    const tty = !options.withoutTerminal && !options.withoutInput && world.stdin.isTTY && world.stdout.isTTY
    const address = await addressOf(context, options)
    const client = await context.client()
    const stream = await client.exec(address, {
      service: args.service,
      // Not every image has bash, and hardly any is without sh; a failed `exec` would end the shell itself.
      command:
        args.command.length > 0
          ? [...args.command]
          : ['/bin/sh', '-c', 'if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi'],
      tty,
      ...(options.instance !== undefined && { instance: options.instance }),
    })
    return await pass(world, stream, { tty, input: !options.withoutInput, interrupted })
  },
})

interface PassOptions {
  readonly tty: boolean
  readonly input: boolean
  readonly interrupted: AbortSignal
}

/** Passes bytes both ways until the command ends. */
async function pass(world: World, stream: ExecStream, { tty, input, interrupted }: PassOptions): Promise<number> {
  const resize = (): void => stream.resize(world.stdout.columns, world.stdout.rows)
  const stopResizing = tty ? world.onResize(resize) : () => undefined
  if (tty) {
    world.stdin.setRaw(true)
    resize()
  }
  // On a terminal Ctrl-C is a key that goes to the command.
  const end = (): void => stream.close()
  if (!tty) interrupted.addEventListener('abort', end)
  if (input) void feed(world, stream)
  else stream.endInput()
  try {
    for await (const { stream: name, data } of stream.output)
      (name === 'stdout' ? world.stdout : world.stderr).write(data)
    return await stream.exitCode
  } finally {
    stopResizing()
    interrupted.removeEventListener('abort', end)
    if (tty) world.stdin.setRaw(false)
    if (input) world.stdin.stop()
    stream.close()
  }
}

async function feed(world: World, stream: ExecStream): Promise<void> {
  for await (const chunk of world.stdin.chunks()) stream.write(chunk)
  stream.endInput()
}
