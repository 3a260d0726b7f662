import { command } from '../command.ts'

export const version = command({
  name: 'version',
  summary: 'print the versions of client and server',
  description: 'Prints the version of this program, of Node.js, and of the server where one answers.',
  options: { client: { description: 'do not ask the server' } },
  arguments: {},
  examples: [{ line: 'escale version -o json', says: 'for scripts' }],
  async handler(context, { options }) {
    const { world, out } = context
    const client = {
      version: world.version,
      node: process.versions.node,
      platform: `${process.platform}/${process.arch}`,
    }
    const server = options.client ? undefined : await serverVersion(context)
    await out.show({ client, ...(server !== undefined && { server }) }, () => {
      if (out.quiet) return client.version
      const mine = `client ${client.version} (node ${client.node}, ${client.platform})`
      if (server === undefined) return mine
      return 'problem' in server
        ? `${mine}\nserver: ${server.problem}`
        : `${mine}\nserver ${server.version} at ${server.url} (installation ${server.installId})`
    })
  },
})

async function serverVersion(context: Parameters<typeof version.handler>[0]) {
  try {
    const { url } = await context.session()
    const found = await (await context.client()).call('version', { signal: context.interrupted })
    return { url, version: found.version, installId: found.installId }
  } catch (error) {
    // To tell one's own version must work without any server.
    if (!(error instanceof Error)) throw error
    return { problem: error.message }
  }
}
