/** Every scenario that is built, one line each. */
import { e03 } from './e-03.ts'
import { e08 } from './e-08.ts'
import { e09 } from './e-09.ts'
import { e13 } from './e-13.ts'
import { e15 } from './e-15.ts'
import { e17 } from './e-17.ts'
import { e18 } from './e-18.ts'
import { e19 } from './e-19.ts'
import { e20 } from './e-20.ts'
import { e21 } from './e-21.ts'
import { e22 } from './e-22.ts'
import { e25 } from './e-25.ts'
import { e37 } from './e-37.ts'
import { e38 } from './e-38.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [e03, e08, e09, e13, e15, e17, e18, e19, e20, e21, e22, e25, e37, e38]
