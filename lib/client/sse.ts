/** Reads server-sent events from a response. */
export interface ReceivedEvent {
  readonly id?: string
  readonly event: string
  readonly data: string
}

export async function* readServerSentEvents(response: Response): AsyncGenerator<ReceivedEvent> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  let id: string | undefined
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const data: string[] = []
      let event = 'message'
      for (const line of block.split('\n')) {
        const [, field = '', value = ''] = /^([a-z]*):? ?(.*)$/s.exec(line) ?? []
        if (field === 'id') id = value
        else if (field === 'event') event = value
        else if (field === 'data') data.push(value)
      }
      if (data.length > 0) yield { ...(id !== undefined && { id }), event, data: data.join('\n') }
    }
  }
}
