/** Several streams as one: sorted by time where they end, else as things come. */
export async function* merge<T>(
  sources: readonly AsyncGenerator<T>[],
  follow: boolean,
  atMs: (item: T) => number,
): AsyncGenerator<T> {
  if (follow) yield* race(sources)
  else {
    const lists = await Promise.all(sources.map(gather))
    yield* lists.flat().toSorted((a, b) => atMs(a) - atMs(b))
  }
}

interface Turn<T> {
  readonly index: number
  readonly result: IteratorResult<T>
}

async function* race<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = async (index: number): Promise<Turn<T>> => {
    const result = await sources[index]?.next()
    return { index, result: result ?? { done: true, value: undefined } }
  }
  const waiting = new Map(sources.map((_source, index) => [index, next(index)]))
  try {
    while (waiting.size > 0) {
      const { index, result } = await Promise.race(waiting.values())
      if (result.done === true) waiting.delete(index)
      else {
        waiting.set(index, next(index))
        yield result.value
      }
    }
  } finally {
    // A generator that waits for its next line ends only with it: the caller's signal is what ends it.
    for (const index of waiting.keys()) void sources[index]?.return(undefined)
  }
}

async function gather<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
