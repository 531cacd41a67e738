import { expect, test } from 'vitest'
import { nearestName } from '../../src/config/nearest-name.ts'
import { quoted } from '../../src/config/quoted-text.ts'

const NAMES = [
  'server.insecure_port',
  'server.secure_port',
  'proxy.upstream_timeout',
  'proxy.mask_header_keys',
]

test('a misspelled name suggests the nearest one', () => {
  expect(nearestName('server.insecure_prt', NAMES)).toBe('server.insecure_port')
  expect(nearestName('server.secureport', NAMES)).toBe('server.secure_port')
})

test('separators and case do not count', () => {
  expect(nearestName('Proxy-Mask-Header-Keys', NAMES)).toBe('proxy.mask_header_keys')
})

test('the end of one name alone suggests it, of several the nearest or none', () => {
  expect(nearestName('upstream_timeout', NAMES)).toBe('proxy.upstream_timeout')
  expect(nearestName('port', NAMES)).toBeUndefined()
})

test('a name that is near none, empty or very long suggests none', () => {
  for (const name of ['colour', '', 'x'.repeat(100_000)]) expect(nearestName(name, NAMES)).toBeUndefined()
})

test('quoted text is one line of printable ASCII', () => {
  expect(quoted('a "b" \\ \n \u001b[31m \u202e ü 😀')).toBe(
    '"a \\"b\\" \\\\ \\n \\u{1b}[31m \\u{202e} \\u{fc} \\u{1f600}"',
  )
})

test('quoted text is cut after a hundred characters and says so', () => {
  expect(quoted('x'.repeat(100))).toBe(`"${'x'.repeat(100)}"`)
  expect(quoted('x'.repeat(101))).toBe(`"${'x'.repeat(100)}..."`)
  expect(quoted('😀'.repeat(100))).toBe(`"${'\\u{1f600}'.repeat(100)}"`)
  expect(quoted('😀'.repeat(101))).toBe(`"${'\\u{1f600}'.repeat(100)}..."`)
})
