/** Every scenario that is built, one line each. */
import { e08 } from './e-08.ts'
import { e09 } from './e-09.ts'
import { e13 } from './e-13.ts'
import { e15 } from './e-15.ts'
import { e17 } from './e-17.ts'
import { e18 } from './e-18.ts'
import { e19 } from './e-19.ts'
import { e21 } from './e-21.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [e08, e09, e13, e15, e17, e18, e19, e21]
