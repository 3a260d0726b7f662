/**
 * Text is literal everywhere (MANIFEST). Swarm expands Go templates in the values of the environment, in the
 * host name and in mounts, and nowhere else; there an opening `{{` is written as a template of itself.
 */
export const literal = (text: string): string => text.replaceAll('{{', '{{"{{"}}')
