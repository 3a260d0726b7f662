/** Every scenario that is built, one line each. */
import { e08 } from './e-08.ts'
import { e09 } from './e-09.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [e08, e09]
