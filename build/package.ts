/**
 * Makes `dist/`, what the npm package is made of: the command, the subpath exports and their declarations.
 * `--no-types` leaves the declarations out, which take longest; `--if-possible` does nothing without esbuild.
 */
import { execFile } from 'node:child_process'
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')
const typesTimeoutMs = 120_000

/** CommonJS inside ESM bundles asks for `require`; the names must not meet those of the code. */
const banner =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);"

async function bundle(): Promise<void> {
  const { build } = await import('esbuild')
  // The declarations stay: npm runs `prepare` after `prepack`, and the former makes none.
  for (const name of await readdir(dist).catch(() => [])) {
    if (name !== 'types') await rm(join(dist, name), { recursive: true, force: true })
  }
  const result = await build({
    absWorkingDir: root,
    entryPoints: {
      escale: 'bin/escale.ts',
      client: 'build/entries/client.ts',
      manifest: 'build/entries/manifest.ts',
    },
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: true,
    platform: 'node',
    target: 'node22.18',
    format: 'esm',
    mainFields: ['module', 'main'],
    // Accelerators of `ws` that it does without.
    external: ['bufferutil', 'utf-8-validate'],
    banner: { js: banner },
    metafile: true,
    logLevel: 'warning',
  })
  await chmod(join(dist, 'escale.mjs'), 0o755)
  const bytes = Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
  process.stdout.write(
    `dist: ${String(Object.keys(result.metafile.outputs).length)} files, ${String(Math.round(bytes / 1000))} kB\n`,
  )
}

async function declarations(): Promise<void> {
  await rm(join(dist, 'types'), { recursive: true, force: true })
  const tsc = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc')
  await promisify(execFile)(tsc, ['-p', join(root, 'build', 'tsconfig.types.json')], {
    cwd: root,
    timeout: typesTimeoutMs,
  }).catch((error: Error & { readonly stdout?: string }) => {
    process.stderr.write(error.stdout ?? '')
    throw error
  })
  const folder = join(dist, 'types')
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.d.ts'))
  for (const name of files) await finish(join(folder, name))
  process.stdout.write(`dist/types: ${String(files.length)} declarations\n`)
}

/** Declarations name their neighbours as the compiled files would be called. */
async function finish(path: string): Promise<void> {
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace(/((?:from|import\()\s*["']\.{1,2}\/[^"']*)\.ts(["'])/g, '$1.js$2'))
}

const { values } = parseArgs({ options: { 'no-types': { type: 'boolean' }, 'if-possible': { type: 'boolean' } } })
const hasEsbuild = (await stat(join(root, 'node_modules', 'esbuild')).catch(() => undefined)) !== undefined
if (!hasEsbuild && values['if-possible'] === true) {
  process.stdout.write('dist is left as it is: esbuild is not installed\n')
} else {
  await bundle()
  if (values['no-types'] !== true) await declarations()
}
