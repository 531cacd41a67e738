import { describe, expect, test } from 'vitest'
import {
  BOOLEAN,
  bytes,
  choice,
  duration,
  integer,
  PATH,
  PORT,
  text,
  type ValueKind,
} from '../../src/config/value-kind.ts'

function taken<T>(kind: ValueKind<T>, ...raws: readonly unknown[]): readonly (T | 'refused')[] {
  return raws.map((raw) => {
    const parsed = kind.parse(raw)
    return parsed === undefined ? 'refused' : parsed.value
  })
}

function refused<T>(kind: ValueKind<T>, ...raws: readonly unknown[]): void {
  for (const raw of raws) expect(kind.parse(raw), JSON.stringify(raw)).toBeUndefined()
}

describe('durations', () => {
  test('are read in every form that is documented, as milliseconds', () => {
    const forms = ['10s', '1m30s', '0h0m10s', '250ms', '2h', '1h1m1s1ms', '10', 10, ' 10s ', '0h1m']
    expect(taken(duration(), ...forms)).toEqual([
      10_000, 90_000, 10_000, 250, 7_200_000, 3_661_001, 10_000, 10_000, 10_000, 60_000,
    ])
  })

  test('are refused in every other form', () => {
    refused(
      duration(),
      '',
      ' ',
      '-1s',
      '1.5s',
      1.5,
      's',
      '10 s',
      '10x',
      '1s1m',
      '10S',
      '1d',
      '1e3',
      'Infinity',
      true,
      [],
    )
  })

  test('are refused below their least and above what a timer of Node holds', () => {
    refused(duration(), '0', '0s', 0, '577h', '99999999999s', '9999999999')
    expect(taken(duration(0), '0', '0s', 0)).toEqual([0, 0, 0])
    expect(taken(duration(), '1ms', '576h')).toEqual([1, 2_073_600_000])
  })
})

describe('sizes', () => {
  const size = bytes(0, 1024 ** 4)
  test('are read with binary units in any case, or as a number of bytes', () => {
    expect(taken(size, '16KiB', '2GiB', '10mib', '1024', 1024, '0', '3 KiB')).toEqual([
      16_384, 2_147_483_648, 10_485_760, 1024, 1024, 0, 3072,
    ])
  })

  test('are refused with decimal or unknown units, fractions, signs and out of range', () => {
    refused(size, '16KB', '16k', '1.5KiB', '-1', '', 'KiB', '1025GiB', '9'.repeat(20), null, {})
    refused(bytes(1024, 2048), '1023', '2049', '3KiB')
  })

  test('are written with the largest unit that divides them', () => {
    expect([16_384, 1025, 2 ** 31, 0].map((value) => size.format(value))).toEqual([
      '16KiB',
      '1025',
      '2GiB',
      '0',
    ])
  })
})

describe('single values', () => {
  test('a boolean is true or false in any case, as text or as a boolean of a file', () => {
    expect(taken(BOOLEAN, 'true', 'FALSE', true, false, ' true ')).toEqual([true, false, true, false, true])
    refused(BOOLEAN, '', '1', 'yes', 'on', 0, null, [true])
  })

  test('an integer has its range, no fraction, no exponent and no other base', () => {
    expect(taken(integer(-5, 5), '-5', '5', 3, '0', '-0')).toEqual([-5, 5, 3, 0, 0])
    refused(integer(-5, 5), '6', '-6', '1.0', '1e0', '0x1', '', '+1', '1_0', 1.5, Number.NaN)
  })

  test('a port is a number from 0 to 65535', () => {
    expect(taken(PORT, '0', '65535', 8080)).toEqual([0, 65_535, 8080])
    refused(PORT, '65536', '-1', 'http', '')
  })

  test('an empty path is none, others stay as written', () => {
    expect(taken(PATH, '', null, './a b', '/x ')).toEqual([undefined, undefined, './a b', '/x '])
    refused(PATH, 'a\0b', 'a\nb', 'x'.repeat(4097), [])
  })

  test('a choice is one of its words in any case', () => {
    expect(taken(choice('info', 'warn'), 'INFO', 'warn')).toEqual(['info', 'warn'])
    refused(choice('info', 'warn'), '', 'information', 1, 'constructor')
  })

  test('text is one line of at most a thousand characters; numbers and booleans of a file are text too', () => {
    expect(taken(text('text', 'any'), 'a b', '', 5, true)).toEqual(['a b', '', '5', 'true'])
    refused(
      text('text', 'any'),
      'a\nb',
      'a\u001bb',
      'a\u2028b',
      '\ud800',
      'x'.repeat(1001),
      {},
      [],
      new Date(0),
    )
  })
})
