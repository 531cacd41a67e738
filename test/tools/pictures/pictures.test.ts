// The parts of the pictures that could lie: how tables are joined, how values are written, and that a picture keeps its
// pixels when it gets a palette.

import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { generatedBoards, panelsOf } from '../../support/boards.ts'
import { markdownHtml } from './markdown.ts'
import { withPalette } from './palette-png.ts'
import { tableOf } from './table-rows.ts'
import { formatValue } from './units.ts'

describe('values', () => {
  test('are written in every unit that a board uses', () => {
    const fields = generatedBoards()
      .flatMap(panelsOf)
      .map(({ fieldConfig }) => fieldConfig)
    const ofColumns = fields
      .flatMap(({ overrides }) => overrides.flatMap(({ properties }) => properties))
      .filter(({ id }) => id === 'unit')
      .map(({ value }) => value as string)
    const used = [...fields.flatMap(({ defaults }) => defaults.unit ?? []), ...ofColumns]
    for (const unit of new Set(used)) {
      if (unit !== 'string') expect(formatValue(1, unit, undefined, 2_000)).not.toBe('')
    }
    expect(() => formatValue(1, 'parsec', undefined, 0)).toThrow('parsec')
  })

  test.each([
    [0.000_25, 's', undefined, '250 µs'],
    [0.5, 's', undefined, '500 ms'],
    [90, 's', undefined, '1.5 min'],
    [0.1234, 'percentunit', 1, '12.3%'],
    [2_500, 'short', undefined, '2.5 K'],
    [Number.NaN, 'short', undefined, '-'],
    [40_000, 'dateTimeFromNow', undefined, '1 minute ago'],
  ])('%s in %s is %s', (value, unit, decimals, text) => {
    expect(formatValue(value, unit, decimals, 100_000)).toBe(text)
  })
})

test('a table joins what has equal labels, shows only named columns, and sorts by the one that it says', () => {
  const table = generatedBoards()
    .flatMap(panelsOf)
    .find(({ title }) => title === 'What fails')
  const row = (reason: string, value: number, more: object = {}) => ({
    labels: { code: '08', reason, blame: 'upstream', ...more },
    value,
  })
  const queries = [
    {
      refId: 'A',
      samples: [
        row('dns_error', 3, { means: 'dns_error' }),
        row('connection_refused', 1, { means: 'connection_refused' }),
      ],
    },
    { refId: 'B', samples: [row('connection_refused', 0.5)] },
    { refId: 'C', samples: [] },
  ].map((query) => Object.assign({ series: [], exemplars: [] }, query))
  if (table === undefined) throw new Error('there is no table What fails')
  const { columns, rows } = tableOf(table, queries, 0)
  expect(columns.map(({ title }) => title)).toEqual([
    'Code',
    'Reason',
    'What happened',
    'Blame',
    'Now',
    'Count',
  ])
  expect(rows.map((cells) => cells.map(({ text }) => text))).toEqual([
    ['08', 'connection_refused', expect.stringContaining('nothing listens'), 'upstream', '0.5 req/s', '1'],
    ['08', 'dns_error', expect.stringContaining('could not be resolved'), 'upstream', '0 req/s', '3'],
  ])
})

test('text is escaped, and the Markdown of the boards becomes HTML', () => {
  expect(markdownHtml('**a** `<b>` [c](/d)\n\ne & f')).toBe(
    '<p><b>a</b> <code>&lt;b&gt;</code> <a href="/d">c</a></p><p>e &amp; f</p>',
  )
})

describe('a picture with a palette', () => {
  const pixels = [
    [10, 20, 30],
    [200, 100, 0],
    [200, 100, 0],
    [255, 255, 255],
  ]

  test.each([0, 1, 2, 3, 4])('has the colours of one with lines of filter %i', (filter) => {
    expect(colours(withPalette(png(pixels, 2, filter)), 2)).toEqual(pixels)
  })

  test('is refused for what is no PNG of 8 bits', () => {
    expect(() => withPalette(Buffer.from('GIF89a..'))).toThrow('no PNG')
    expect(() => withPalette(withPalette(png(pixels, 2, 0)))).toThrow('another kind')
  })
})

/** A PNG of RGB, two pixels a line, with that filter on every line. */
function png(pixels: readonly number[][], width: number, filter: number): Buffer {
  const raw = Buffer.from(pixels.flat())
  const lineBytes = width * 3
  const lines = Array.from({ length: pixels.length / width }, (_, line) => {
    const bytes = Array.from({ length: lineBytes }, (_unused, at) => {
      const here = line * lineBytes + at
      const left = at < 3 ? 0 : (raw[here - 3] ?? 0)
      const up = line === 0 ? 0 : (raw[here - lineBytes] ?? 0)
      const upLeft = line === 0 || at < 3 ? 0 : (raw[here - lineBytes - 3] ?? 0)
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, upLeft)][filter] ?? 0
      return ((raw[here] ?? 0) - guess) & 0xff
    })
    return Buffer.from([filter, ...bytes])
  })
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(pixels.length / width, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** As the specification has it, section 9.4. */
function paeth(left: number, up: number, upLeft: number): number {
  const guess = left + up - upLeft
  return [left, up, upLeft].reduce((best, one) =>
    Math.abs(guess - one) < Math.abs(guess - best) ? one : best,
  )
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

/** The colours of a PNG with a palette, by its pixels. */
function colours(image: Buffer, width: number): number[][] {
  const parts = new Map<string, Buffer>()
  for (let at = 8; at < image.length; at += 12 + image.readUInt32BE(at)) {
    const type = image.toString('latin1', at + 4, at + 8)
    const data = image.subarray(at + 8, at + 8 + image.readUInt32BE(at))
    expect(image.readUInt32BE(at + 8 + data.length)).toBe(crc32(image.subarray(at + 4, at + 8 + data.length)))
    parts.set(type, data)
  }
  const palette = parts.get('PLTE') ?? Buffer.alloc(0)
  const lines = inflateSync(parts.get('IDAT') ?? Buffer.alloc(0))
  return [...lines]
    .filter((_, at) => at % (width + 1) !== 0)
    .map((index) => Array.from(palette.subarray(index * 3, index * 3 + 3)))
}
