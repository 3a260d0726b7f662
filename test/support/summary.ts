/** The last line of every run: `N passed, N failed, N skipped`. A file that fails to load counts as a failure. */
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

export default class Summary implements Reporter {
  #count = { passed: 0, failed: 0, skipped: 0, pending: 0 }

  onTestCaseResult(test: TestCase): void {
    this.#count[test.result().state]++
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const { passed, failed, skipped } = this.#count
    const broken = modules.reduce((sum, module) => sum + module.errors().length, unhandled.length)
    process.once('exit', () => console.log(`${passed} passed, ${failed + broken} failed, ${skipped} skipped`))
  }
}
