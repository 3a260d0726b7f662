/** Reads every import of the product's code and compares it with the table of DESIGN §4. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** Who may import whom; `types` are allowed as `import type` alone. */
const allowed: Readonly<Record<string, { readonly values: readonly string[]; readonly types?: readonly string[] }>> = {
  core: { values: [] },
  model: { values: ['core'] },
  manifest: { values: ['core', 'model'] },
  import: { values: ['core', 'model', 'manifest'] },
  export: { values: ['core', 'model', 'manifest'] },
  plan: { values: ['core', 'model'], types: ['targets'] },
  targets: { values: ['core', 'model'], types: ['plan'] },
  'targets/ecs': { values: ['core', 'model', 'targets'], types: ['plan'] },
  'targets/kubernetes': { values: ['core', 'model', 'targets'], types: ['plan'] },
  'targets/docker': { values: ['core', 'model', 'targets'], types: ['plan'] },
  'targets/memory': { values: ['core', 'model', 'targets'], types: ['plan'] },
  store: { values: ['core', 'model'] },
  'store/dynamo': { values: ['core', 'model', 'store'] },
  'store/sqlite': { values: ['core', 'model', 'store'] },
  'store/memory': { values: ['core', 'model', 'store'] },
  vault: { values: ['core', 'model'] },
  'vault/aws': { values: ['core', 'model', 'vault'] },
  'vault/file': { values: ['core', 'model', 'vault'] },
  'vault/memory': { values: ['core', 'model', 'vault'] },
  control: { values: ['core', 'model', 'manifest', 'plan', 'import', 'export', 'vault', 'store'], types: ['targets'] },
  registry: { values: ['core'] },
  sim: { values: ['core'] },
  api: { values: ['core', 'model', 'control'], types: ['store', 'vault', 'targets'] },
  client: { values: [], types: ['api', 'core', 'model'] },
  cli: { values: ['client', 'manifest', 'import', 'export', 'core', 'model'], types: ['api'] },
  migrate: { values: ['core', 'model', 'control', 'import'] },
  node: { values: ['core', 'model', 'control', 'targets/docker'] },
  infra: { values: ['core'] },
}

interface Import {
  readonly file: string
  readonly from: string
  readonly target: string
  readonly typeOnly: boolean
}

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}

function moduleOf(file: string): string {
  const parts = relative(join(root, 'lib'), file).split('/')
  const nested = ['targets', 'store', 'vault'].includes(parts[0]!) && parts.length > 2
  return nested ? `${parts[0]}/${parts[1]}` : parts[0]!
}

const pattern =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'"\n;]*?(?:\{[^}]*\})?[^'"\n;]*?from\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(pattern)].map((match) => {
    const clause = match[0]
    const named = /\{([^}]*)\}/.exec(clause)?.[1]
    const everyNameIsType =
      named !== undefined &&
      named.trim() !== '' &&
      !/import\s+\w/.test(clause.replace(/import\s+type/, '')) &&
      named.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '))
    return {
      file,
      from: moduleOf(file),
      target: match[3] ?? match[4] ?? '',
      typeOnly: match[2] !== undefined || everyNameIsType,
    }
  })
}

const files = sources(join(root, 'lib'))
const imports = files.flatMap(importsOf)
const inside = imports.filter((one) => one.target.startsWith('.'))
const show = (one: Import): string => `${relative(root, one.file)} → ${one.target}`

describe('modules', () => {
  it('import only whom DESIGN §4 allows', () => {
    const wrong = inside.filter((one) => {
      const target = resolve(dirname(one.file), one.target)
      if (!target.startsWith(join(root, 'lib'))) return true
      const to = moduleOf(target)
      if (to === one.from) return false
      const rule = allowed[one.from]
      if (rule === undefined) return true
      const match = (names: readonly string[]): boolean => names.includes(to)
      return !(match(rule.values) || (one.typeOnly && match(rule.types ?? [])))
    })
    expect(wrong.map(show)).toEqual([])
  })

  it('are all in the table', () => {
    expect([...new Set(files.map(moduleOf))].filter((name) => !(name in allowed))).toEqual([])
  })

  it('name the files they import with their endings', () => {
    expect(inside.filter((one) => !one.target.endsWith('.ts')).map(show)).toEqual([])
  })

  it('have no default exports', () => {
    expect(
      files.filter((file) => /^export default/m.test(readFileSync(file, 'utf8'))).map((file) => relative(root, file)),
    ).toEqual([])
  })

  it('do not re-export what others define', () => {
    const barrels = files.filter((file) => /^export (type )?(\*|\{[^}]*\}) from /m.test(readFileSync(file, 'utf8')))
    expect(barrels.map((file) => relative(root, file))).toEqual([])
  })
})

describe('files', () => {
  it('do not import each other in a circle', () => {
    const graph = new Map<string, string[]>()
    for (const one of inside)
      graph.set(one.file, [...(graph.get(one.file) ?? []), resolve(dirname(one.file), one.target)])
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].map((one) => relative(root, one)).join(' → '))
        return
      }
      state.set(file, 'open')
      for (const next of graph.get(file) ?? []) visit(next, [...path, file])
      state.set(file, 'done')
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })
})

describe('the runtime', () => {
  it('is Node 24', () => {
    expect(process.versions.node).toMatch(/^24\./)
  })
})
