/** Words and characters that mean different things to different readers. */

/** Booleans of YAML 1.1 that are text in YAML 1.2. */
export const isAmbiguousWord = (text: string): boolean => /^(?:yes|no|on|off|Yes|No|On|Off|YES|NO|ON|OFF)$/.test(text)

// Tab, line feed and carriage return are text; every other control character is not.
// oxlint-disable-next-line no-control-regex -- the point of this expression
const control = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u2028\u2029\uFFFE\uFFFF]/

/** The first control character, or lone surrogate, as `U+0007`; undefined where there is none. */
export function controlCharacter(text: string): string | undefined {
  const match = control.exec(text)
  if (match !== null) return `U+${match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  return text.isWellFormed() ? undefined : 'a lone surrogate'
}

/** Text with control characters made visible, for messages. */
export const visible = (text: string): string =>
  text.toWellFormed().replaceAll(new RegExp(control.source, 'g'), '\uFFFD')
