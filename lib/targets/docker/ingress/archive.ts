import { pack } from 'tar-stream'

/** An archive of small text files, in memory. */
export async function archiveOf(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const archive = pack()
  for (const [name, text] of Object.entries(files)) archive.entry({ name, mode: 0o644 }, text)
  archive.finalize()
  const parts: Uint8Array[] = []
  for await (const part of archive as AsyncIterable<Uint8Array>) parts.push(part)
  return Buffer.concat(parts)
}
