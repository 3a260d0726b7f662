/** A server's refusal, known by its name, so that the client need not be loaded to know its errors. */
import type { ApiError } from '../client/errors.ts'

export const isApiError = (error: unknown): error is ApiError => error instanceof Error && error.name === 'ApiError'
