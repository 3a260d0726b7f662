/** What the proxy answers by itself. */

/** Plain text, so that nothing of the request can be taken for markup. */
export const page = (text: string): string =>
  `content-type "text/plain; charset=utf-8" lf-string "${text}\\n" hdr x-content-type-options nosniff hdr cache-control no-store`

export const errorPages: readonly string[] = [
  `  http-error status 502 ${page('the instance of %[var(txn.route)] broke off before it answered')}`,
  `  http-error status 503 ${page('no instance of %[var(txn.route)] takes requests now')}`,
  `  http-error status 504 ${page('the instance of %[var(txn.route)] did not answer in time')}`,
]
