/** The formats of `-o`. */
export const formats = ['table', 'wide', 'json', 'yaml'] as const
export type Format = (typeof formats)[number]

export const isForPeople = (format: Format): boolean => format === 'table' || format === 'wide'
