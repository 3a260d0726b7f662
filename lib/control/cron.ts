/** Times of a five-field cron schedule in its zone. */
import { Cron } from 'croner'

/** The first time after `afterMs`, or undefined where there is none. */
export function nextCronMs(schedule: string, timeZone: string, afterMs: number): number | undefined {
  const cron = new Cron(schedule, { timezone: timeZone, paused: true, mode: '5-part' })
  return cron.nextRun(new Date(afterMs))?.getTime()
}
