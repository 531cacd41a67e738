// W3C Trace Context, level 1 and 2: what is accepted, and that everything else begins a new trace.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTraceparent, parseTraceparent, validTracestate } from '../../src/telemetry/trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('traceparent', () => {
  test('a valid field of version 00 gives its ids and known flags', () => {
    const parsed = { traceId: TRACE, spanId: SPAN }
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ ...parsed, flags: 1 })
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)).toEqual({ ...parsed, flags: 0 })
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-ff`)).toEqual({ ...parsed, flags: 3 })
  })

  test('a higher version is read by its first four fields', () => {
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01`)).toMatchObject({ traceId: TRACE, flags: 1 })
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`)).toMatchObject({ spanId: SPAN })
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01.what`)).toBeUndefined()
  })

  test.each([
    ['absent', undefined],
    ['empty', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['too long for version 00', `00-${TRACE}-${SPAN}-01-`],
    ['too short', `00-${TRACE}-${SPAN}-0`],
    ['no hex', `00-${TRACE.slice(1)}g-${SPAN}-01`],
    ['another separator', `00_${TRACE}_${SPAN}_01`],
    ['two fields joined', `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`],
    ['spaces', ` 00-${TRACE}-${SPAN}-01`],
  ])('%s is refused', (_, field) => {
    expect(parseTraceparent(field)).toBeUndefined()
  })

  test('whatever is accepted is written back as the same ids', () => {
    const hex = (length: number) =>
      fc
        .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
        .map((digits) => digits.map((digit) => digit.toString(16)).join(''))
    fc.assert(
      fc.property(hex(2), hex(32), hex(16), hex(2), (version, traceId, spanId, flags) => {
        const parsed = parseTraceparent(`${version}-${traceId}-${spanId}-${flags}`)
        if (parsed === undefined) return
        const again = parseTraceparent(formatTraceparent(parsed.traceId, parsed.spanId, parsed.flags))
        expect(again).toEqual(parsed)
      }),
    )
  })

  test('no text makes it throw, and what it accepts is of that form', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseTraceparent(text)
        if (parsed !== undefined) expect(text).toMatch(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/)
      }),
    )
  })
})

describe('tracestate', () => {
  test('a valid list is kept in its order, without spaces around members and empty ones', () => {
    expect(validTracestate('rojo=00f067,congo=t61rcWkgMzE')).toBe('rojo=00f067,congo=t61rcWkgMzE')
    expect(validTracestate(' a=1 ,\t, b=2 ')).toBe('a=1,b=2')
    expect(validTracestate('tenant@system=x y')).toBe('tenant@system=x y')
  })

  test.each([
    ['absent', undefined],
    ['a member without a value', 'a'],
    ['an empty value', 'a='],
    ['an empty key', '=1'],
    ['an upper-case key', 'A=1'],
    ['a key that comes twice', 'a=1,a=2'],
    ['an equals sign in a value', 'a=1=2'],
    ['a control character', 'a=1\u0001'],
    ['33 members', Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(',')],
    ['513 characters', `a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=${'x'.repeat(5)}`],
  ])('%s gives nothing to pass on', (_, field) => {
    expect(validTracestate(field)).toBe('')
  })

  test('512 characters in 32 members pass', () => {
    const members = Array.from({ length: 32 }, (_, i) => `k${String(i).padStart(2, '0')}=${'x'.repeat(11)}`)
    const field = `${members.join(',')}x`
    expect(field).toHaveLength(512)
    expect(validTracestate(field)).toBe(field)
  })
})
