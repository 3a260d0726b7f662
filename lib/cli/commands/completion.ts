import { command } from '../command.ts'

export const completion = command({
  name: 'completion',
  summary: 'print a completion script for a shell',
  description:
    'Prints a script that makes a shell complete commands, options and the names of apps, services and clusters.',
  options: {},
  arguments: { shell: { description: 'bash, zsh or fish', required: true, choices: ['bash', 'zsh', 'fish'] } },
  examples: [
    { line: 'source <(escale completion bash)', says: 'in ~/.bashrc' },
    { line: 'escale completion zsh > ~/.zfunc/_escale', says: 'in a folder of fpath' },
    { line: 'escale completion fish > ~/.config/fish/completions/escale.fish', says: 'for fish' },
  ],
  async handler({ world }, { args }) {
    const { scriptFor } = await import('../completion/scripts.ts')
    world.stdout.write(scriptFor(args.shell))
  },
})
