/** Splits a command line into words the way a shell does, for the answer to a command written as text. */
export function splitCommand(line: string): readonly string[] {
  const found: string[] = []
  for (const match of line.matchAll(/(?:[^\s"']+|"(?:\\.|[^"\\])*"|'[^']*'|["'])+/g)) {
    found.push(
      match[0].replaceAll(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_whole, double?: string, single?: string) =>
        double === undefined ? (single ?? '') : double.replaceAll(/\\(["\\$`])/g, '$1'),
      ),
    )
  }
  return found
}
