/** Every benchmark, one line each. */
import { apiBench } from './api.ts'
import { cliBench } from './cli.ts'
import { dockerBench } from './docker.ts'
import type { Bench } from './measure.ts'
import { planBench } from './plan.ts'

export const benches: readonly Bench[] = [planBench, cliBench, apiBench, dockerBench]
