/** A path segment from a name or id. Slashes of image names stay, since the engine routes on them. */
export const segment = (text: string): string => encodeURIComponent(text)

export const imageSegment = (reference: string): string =>
  reference.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':').replaceAll('%40', '@')
