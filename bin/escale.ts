#!/usr/bin/env node
/** The command `escale`: the command line with the real world. */
import { enableCompileCache } from 'node:module'

// What was compiled once is kept: most of a short command's time would be spent on it.
enableCompileCache()
const [{ runCli }, { realWorld }] = await Promise.all([import('../lib/cli/run.ts'), import('./world.ts')])
process.exitCode = await runCli(process.argv.slice(2), realWorld())
