import { describe, expect, it } from 'vitest'
import { isTellingName, looksSecret, secretShape } from '../../lib/core/secrecy.ts'

describe('a value', () => {
  it.each([
    `ghp_${'a1'.repeat(18)}`,
    'AKIAABCDEFGHIJKLMNOP',
    'glpat-abcdefghij0123456789',
    'xoxb-1234567890-abcdef',
    `sk_live_${'a1'.repeat(12)}`,
    '-----BEGIN OPENSSH PRIVATE KEY-----\nabc',
    'amqp://user:s3cr3tpass@host/v',
    `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.${'a'.repeat(20)}`,
  ])('looks like a secret by its shape: %s', (value) => {
    expect(secretShape(value)).toBeDefined()
  })

  it.each([
    'nginx',
    'https://example.com/a:b@c',
    'postgres://app@db/x',
    'postgres://app:${pass}@db',
    '-----BEGIN CERTIFICATE-----',
    'http://h:80/x',
    '',
  ])('does not: %s', (value) => {
    expect(secretShape(value)).toBeUndefined()
  })

  it('is searched in bounded time', () => {
    const long = 'a://'.repeat(50_000)
    expect(secretShape(long)).toBeUndefined()
    expect(secretShape(`${'x:'.repeat(100_000)}@`)).toBeUndefined()
  })
})

describe('a name', () => {
  it.each([
    'DB_PASSWORD',
    'dbPassword',
    'API_KEY',
    'apiKey',
    'SECRET',
    'STRIPE_TOKEN',
    'PGPASSWORD',
    'aws.secret_access_key',
  ])('tells of a secret: %s', (name) => {
    expect(isTellingName(name)).toBe(true)
  })

  it.each([
    'PASSWORD_FILE',
    'TOKEN_TTL',
    'KEY',
    'KEYBOARD',
    'PASSENGER_COUNT',
    'SECRET_NAME',
    'MONKEY',
    'PUBLIC_KEY',
    'COMPASS',
  ])('does not: %s', (name) => {
    expect(isTellingName(name)).toBe(false)
  })

  it('is not enough where the value is trivial', () => {
    expect(looksSecret('DB_PASSWORD', 'changeme')).toBeUndefined()
    expect(looksSecret('DB_PASSWORD', '/run/secrets/x')).toBeUndefined()
    expect(looksSecret('DB_PASSWORD', 'hunter22')).toBeDefined()
    expect(looksSecret('APP_KEY', 'primary')).toBeUndefined()
    expect(looksSecret('APP_KEY', 'a8f5f167f44f4964e6c998dee827110c')).toBeDefined()
    expect(looksSecret('PUBLIC_KEY', 'a8f5f167f44f4964e6c998dee827110c')).toBeUndefined()
  })
})
