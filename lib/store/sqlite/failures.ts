/** SQLite's failures as coded errors. `code` is always `ERR_SQLITE_ERROR`; `errcode` tells, its low byte the kind. */
import { EscaleError } from '../../core/errors.ts'
import type { Code } from '../../core/codes.ts'

const kinds: Readonly<Record<number, { readonly code: Code; readonly what: string; readonly fix: string }>> = {
  5: { code: 'store-busy', what: 'is locked by another process', fix: 'try again' },
  6: { code: 'store-busy', what: 'is locked by another reader', fix: 'try again' },
  8: { code: 'store-readonly', what: 'may not be written', fix: 'make the file and its folder writable' },
  10: { code: 'store-unavailable', what: 'cannot be read or written', fix: 'look at the disk and the system log' },
  11: { code: 'store-damaged', what: 'is damaged', fix: 'restore the last backup' },
  13: { code: 'store-full', what: 'cannot grow', fix: 'free space on the disk; nothing was written' },
  14: { code: 'store-unavailable', what: 'cannot be opened', fix: 'look at the path and its permissions' },
  23: { code: 'store-unavailable', what: 'may not be used', fix: 'look at the path and its permissions' },
  26: { code: 'store-damaged', what: 'is no database', fix: 'choose another path or restore the last backup' },
}

/** The error to throw instead of `error`; what is none of SQLite's stays as it is. */
export function storeFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  const kind = kinds[error.errcode & 0xff]
  if (kind === undefined) {
    return new EscaleError('internal-error', `the store ${path} failed with ${error.errcode}: ${error.message}`, {
      cause: error,
    })
  }
  return new EscaleError(kind.code, `the store ${path} ${kind.what} (${error.message}); ${kind.fix}`, { cause: error })
}

const fileCodes: Readonly<Record<string, Code>> = {
  EACCES: 'store-readonly',
  EPERM: 'store-readonly',
  EROFS: 'store-readonly',
  ENOSPC: 'store-full',
  EDQUOT: 'store-full',
}

/** The file system's refusal to make the file. */
export function fileFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  const code = fileCodes[error.code] ?? 'store-unavailable'
  return new EscaleError(code, `the store ${path} cannot be made or written: ${error.message}`, { cause: error })
}
