/**
 * One engine for a whole run (vitest `globalSetup` of the integration project). Where `ESCALE_LAB_SOCKET` names an
 * engine, that one is used and left alone.
 */
import type { TestProject } from 'vitest/node'
import { engineAvailability, ensureDockerd } from './availability.ts'
import type { SharedEngine } from './shared.ts'
import { startEngine } from './start.ts'
import type { RunningEngine } from './start.ts'

declare module 'vitest' {
  interface ProvidedContext {
    escaleEngine: SharedEngine
  }
}

/** Vitest calls the function that setup answers when the run ends. */
export async function setup(project: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const socketPath = process.env['ESCALE_LAB_SOCKET'] ?? ''
  if (socketPath !== '') {
    project.provide('escaleEngine', {
      available: true,
      socketPath,
      address: process.env['ESCALE_LAB_ADDRESS'] ?? '127.0.0.1',
    })
    return async () => undefined
  }
  // Only where nobody's machine is changed by it are packages installed unasked.
  const possible = process.env['CI'] === undefined ? await engineAvailability() : await ensureDockerd()
  if (!possible.ok) {
    project.provide('escaleEngine', { available: false, reason: possible.reason })
    return async () => undefined
  }
  const engine: RunningEngine = await startEngine({ name: `run-${process.pid}`, swarm: true })
  project.provide('escaleEngine', { available: true, socketPath: engine.socketPath, address: engine.address })
  return () => engine.stop()
}
