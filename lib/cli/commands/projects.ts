import { command, group } from '../command.ts'
import { formatAge } from '../output/units.ts'
import { everything, pagesOf, yesOption } from './shared.ts'

const list = command({
  name: 'ls',
  summary: 'list projects',
  description: 'Lists the projects that the token sees.',
  options: {},
  arguments: {},
  examples: [{ line: 'escale projects ls', says: 'with the dangerous options that they may use' }],
  async handler(context) {
    const client = await context.client()
    const projects = await pagesOf(everything, (query) =>
      client.call('listProjects', { query, signal: context.interrupted }),
    )
    const nowMs = context.world.clock.nowMs()
    await context.out.list(
      projects,
      [
        { title: 'PROJECT', value: (project) => project.name },
        { title: 'MAY USE', value: (project) => project.allow.join(', ') || '-' },
        { title: 'AGE', value: (project) => formatAge(project.createdAt, nowMs), right: true },
      ],
      'There are no projects.',
    )
  },
})

const create = command({
  name: 'create',
  summary: 'make a project',
  description: 'Makes a project: its own names, tokens, secrets and networks.',
  options: {
    allow: {
      value: 'option',
      repeat: true,
      description: 'a dangerous option that its apps may use, e.g. hostPath; may stand several times',
    },
  },
  arguments: { name: { description: 'its name', required: true } },
  examples: [{ line: 'escale projects create team-a', says: 'with no dangerous option' }],
  async handler(context, { options, args }) {
    const client = await context.client()
    const project = await client.call('createProject', {
      body: { name: args.name, allow: options.allow },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await context.out.show(project, () => (context.out.quiet ? project.name : `project ${project.name} was made`))
  },
})

const allow = command({
  name: 'allow',
  summary: 'set the dangerous options a project may use',
  description:
    'Sets the dangerous options that the apps of a project may use: exactly those that are named, none where none is.',
  options: yesOption,
  arguments: {
    name: { description: 'the project', required: true, completes: 'project' },
    options: { description: 'hostPath, hostNetwork, hostPid, privileged, dockerSock …', rest: true },
  },
  examples: [
    { line: 'escale projects allow team-a hostPath', says: 'paths of the machine, and nothing else' },
    { line: 'escale projects allow team-a', says: 'nothing any more' },
  ],
  async handler(context, { options, args }) {
    const client = await context.client()
    const wanted = args.options.length === 0 ? 'no dangerous option' : args.options.join(', ')
    await context.confirm(`Let the apps of project ${args.name} use ${wanted}?`, options.yes)
    const project = await client.call('changeProject', {
      params: { project: args.name },
      body: { allow: args.options },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await context.out.show(project, () =>
      context.out.quiet ? '' : `apps of project ${project.name} may use ${wanted}`,
    )
  },
})

const remove = command({
  name: 'rm',
  summary: 'remove an empty project',
  description: 'Removes a project that has no apps.',
  options: yesOption,
  arguments: { name: { description: 'the project', required: true, completes: 'project' } },
  examples: [{ line: 'escale projects rm team-a', says: 'after asking' }],
  async handler(context, { options, args }) {
    const client = await context.client()
    await context.confirm(`Remove the project ${args.name}?`, options.yes)
    await client.call('removeProject', {
      params: { project: args.name },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await context.out.show({ removed: args.name }, () => (context.out.quiet ? '' : `project ${args.name} was removed`))
  },
})

export const projects = group({
  name: 'projects',
  summary: 'list, make and remove projects',
  description: 'Projects keep teams apart: names, tokens, secrets, networks.',
  commands: [list, create, allow, remove],
})
