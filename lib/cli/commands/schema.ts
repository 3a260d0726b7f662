import { command } from '../command.ts'

export const schema = command({
  name: 'schema',
  summary: 'print the JSON Schema of the manifest',
  description: 'Prints the JSON Schema (2020-12) of the manifest, for editors and other tools.',
  options: {},
  arguments: {},
  examples: [
    {
      line: 'escale schema > escale-v1.schema.json',
      says: 'for an editor; then `# yaml-language-server: $schema=escale-v1.schema.json`',
    },
  ],
  async handler({ out }) {
    const { manifestJsonSchema } = await import('../../manifest/schema.ts')
    const schema = manifestJsonSchema()
    await out.show(schema, () => JSON.stringify(schema, undefined, 2))
  },
})
