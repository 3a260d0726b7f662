import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  backendAddress,
  canonicalHost,
  canonicalPath,
  canonicalRange,
  literalPattern,
  literalReplacement,
} from '../../lib/targets/docker/ingress/text.ts'

test.each([
  ['Shop.Example.COM.', 'shop.example.com'],
  ['localhost', 'localhost'],
  ['a b', undefined],
  ['a\nb', undefined],
  ['', undefined],
  ['x/y', undefined],
  ['-a.test', undefined],
])('the host %j is taken as %j', (text, host) => {
  expect(canonicalHost(text)).toBe(host)
})

test.each([
  ['/', '/'],
  ['/a//b', '/a/b'],
  ['/%61pi', '/api'],
  ['/a/', '/a/'],
  ['a', undefined],
  ['/a b', undefined],
  ['/a%20b', undefined],
  ['/a%0Ab', undefined],
  ["/a'b", undefined],
  ['/a%27b', undefined],
  ['/a/../b', undefined],
  ['/%2e%2e/b', undefined],
  ['/ä', undefined],
])('the path %j is taken as %j', (text, path) => {
  expect(canonicalPath(text)).toBe(path)
})

test.each([
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['::1', '::1'],
  ['10.0.0.0/33', undefined],
  ['10.0.0.0/8 }', undefined],
  ['fe80::1%eth0', undefined],
  ['example.com', undefined],
])('the range %j is taken as %j', (text, range) => {
  expect(canonicalRange(text)).toBe(range)
})

test.each([
  ['10.0.0.3', '10.0.0.3:80'],
  ['fd00::3', '[fd00::3]:80'],
  ['127.0.0.1', undefined],
  ['0.0.0.0', undefined],
  ['::1', undefined],
  ['::ffff:127.0.0.1', undefined],
  ['0:0:0:0:0:ffff:7f00:1', undefined],
  ['169.254.169.254', undefined],
  ['web', undefined],
])('a backend at %j is reached as %j', (address, text) => {
  expect(backendAddress(address, 80)).toBe(text)
})

test('a path is a pattern that matches itself and a replacement that stands for itself', () => {
  const segment = fc.string({
    unit: fc.constantFrom(...'abcXYZ019-._~!$&()*+,;=:@%'.split('')),
    minLength: 1,
    maxLength: 8,
  })
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
      const path = canonicalPath(`/${segments.map((one) => one.replaceAll('%', '%25')).join('/')}`)
      if (path === undefined) return
      expect(new RegExp(`^${literalPattern(path)}$`).test(path)).toBe(true)
      expect(literalPattern(path)).not.toMatch(/['" \n]/)
      expect(decodeURIComponent(literalReplacement(path).replaceAll('%%', '%'))).toBe(path)
    }),
  )
})
