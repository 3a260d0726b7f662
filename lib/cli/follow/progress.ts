/** Shows how a deployment goes: redrawn in place on a terminal, line by line elsewhere. */
import type { AppStatus, Deployment, Event } from '../../client/types.ts'
import { LiveArea } from '../output/live.ts'
import type { Style } from '../output/style.ts'
import type { Sink } from '../world.ts'
import { eventLines, isUnderWay, readinessOf, stepLine, stepLines, unitsShown } from './lines.ts'

type Units = AppStatus['units']

export interface Progress {
  update(deployment: Deployment, units: Units, events: readonly Event[]): void
  note(text: string): void
  /** What was drawn last stays. */
  end(): void
}

export const silentProgress: Progress = { update() {}, note() {}, end() {} }

/** Lines that are drawn in place and never more than the terminal has. */
export function liveProgress(sink: Sink, style: Style): Progress {
  const area = new LiveArea(sink)
  let last: readonly string[] = []
  return {
    update(deployment, units, events) {
      area.print(eventLines(events, style))
      last = stepLines(deployment, unitsShown(deployment, units), style, Math.max(3, sink.rows - 3))
      area.draw(last)
    },
    note(text) {
      area.print([text])
      area.draw(last)
    },
    end() {},
  }
}

/** Each change once, for logs of pipelines. */
export function plainProgress(sink: Sink, style: Style): Progress {
  const said = new Set<string>()
  const say = (key: string, line: string): void => {
    if (said.has(`${key} ${line}`)) return
    said.add(`${key} ${line}`)
    sink.write(`${line}\n`)
  }
  return {
    update(deployment, all, events) {
      const units = unitsShown(deployment, all)
      for (const line of eventLines(events, style)) sink.write(`${line}\n`)
      for (const step of deployment.steps) {
        const waits = step.kind === 'wait' && isUnderWay(step, deployment.steps)
        if (step.state === 'done' || step.state === 'failed') say(step.id, stepLine(step, deployment.steps, [], style))
        else if (waits && readinessOf(step, units) !== '') say(step.id, stepLine(step, deployment.steps, units, style))
      }
    },
    note: (text) => sink.write(`${text}\n`),
    end() {},
  }
}
