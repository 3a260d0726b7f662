/** Exec: a ticket here, the stream at the address that it names (ruling B10). */
import { formatTime } from '../../core/time.ts'
import { issueTicket } from '../../control/access/tickets.ts'
import { keyOf, route } from '../route.ts'
import { execBody, execTicket } from '../schemas/app.ts'
import { appQuery } from '../schemas/common.ts'

/** Where the node server listens for streams; its tail is the ticket. */
export const execPath = '/v1/exec/'

function execAddress(ticket: string, url: URL, base: string | undefined): string {
  const address = new URL(`${execPath}${ticket}`, base ?? url)
  if (base === undefined) address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return address.href
}

export const execRoutes = {
  openExec: route({
    method: 'POST',
    path: '/v1/projects/{project}/apps/{app}/exec',
    summary: 'Get a ticket to run a command in an instance over a WebSocket',
    tag: 'exec',
    needs: 'app.exec',
    query: appQuery,
    body: execBody,
    secretBody: true,
    status: 201,
    answer: execTicket,
    write: { repeat: 'never' },
    async handler({ deps, actor, params, query, body, url, execUrl, traceId, note }) {
      const { ticket, expiresAtMs } = await issueTicket(deps, {
        subject: actor.subject,
        traceId,
        key: keyOf(params, query.environment),
        request: {
          unit: body.service,
          ...(body.instance !== undefined && { instance: body.instance }),
          command: body.command,
          tty: body.tty,
        },
      })
      // The program alone: arguments may hold what nobody should read later.
      note({ after: { service: body.service, instance: body.instance ?? null, program: body.command[0] ?? '' } })
      return { body: { url: execAddress(ticket, url, execUrl), expiresAt: formatTime(expiresAtMs) } }
    },
  }),
}
