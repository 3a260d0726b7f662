/** Cron: five fields and a time zone, checked where it is written. */
import * as z from 'zod'
import { hinted } from './hints.ts'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const fields = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: months },
  { min: 0, max: 7, names: days },
] as const

type Field = (typeof fields)[number]

function number(text: string, field: Field): number | undefined {
  const named = field.names.findIndex((each) => each === text.toLowerCase())
  if (named >= 0) return named + field.min
  if (!/^\d{1,2}$/.test(text)) return undefined
  const value = Number(text)
  return value >= field.min && value <= field.max ? value : undefined
}

function fitsPart(part: string, field: Field): boolean {
  const [range = '', step, ...more] = part.split('/')
  if (more.length > 0) return false
  if (step !== undefined && (!/^\d{1,2}$/.test(step) || Number(step) === 0)) return false
  if (range === '*') return true
  const [from = '', to, ...rest] = range.split('-')
  if (rest.length > 0) return false
  const first = number(from, field)
  if (first === undefined) return false
  if (to === undefined) return true
  const last = number(to, field)
  return last !== undefined && first <= last
}

export function isCron(text: string): boolean {
  const parts = text.trim().split(/\s+/)
  if (parts.length !== fields.length) return false
  return fields.every((field, index) => (parts[index] ?? '').split(',').every((part) => fitsPart(part, field)))
}

export const cron = hinted(
  z
    .string()
    .max(200)
    .refine((value) => isCron(value)),
  {
    code: 'invalid-format',
    expected: 'a schedule of five fields: minute, hour, day of month, month, day of week',
    fix: 'write it like "0 3 * * *" (every day at three)',
  },
)

export function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    // RangeError is how the platform says that it does not know the zone.
    return false
  }
}

export const timeZone = hinted(
  z
    .string()
    .max(64)
    .refine((value) => isTimeZone(value)),
  { code: 'invalid-format', expected: 'a time zone such as UTC or Europe/Rome' },
)
