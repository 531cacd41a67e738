// Makes a PNG of flat colours small: at most 256 colours in a palette, chosen by how many pixels have them. Reads and writes
// the two kinds of PNG that are needed here (8 bits a channel in, palette out) and refuses all others.

import { deflateSync, inflateSync, crc32 } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const COLOURS_MAX = 256
/** Bits of a channel that tell colours apart while they are counted. */
const COUNTED_BITS = 5

interface Pixels {
  readonly width: number
  readonly height: number
  /** Bytes of a pixel: 3 or 4. */
  readonly channels: number
  readonly bytes: Buffer
}

/** The same picture in a palette; transparency is lost. Throws on a PNG that is not 8-bit RGB or RGBA. */
export function withPalette(png: Buffer): Buffer {
  const pixels = decode(png)
  const palette = paletteOf(pixels)
  return encode(pixels, palette)
}

function decode(png: Buffer): Pixels {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('no PNG')
  let width = 0
  let height = 0
  let channels = 0
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const data = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') {
      width = data.readUInt32BE(0)
      height = data.readUInt32BE(4)
      channels = { 2: 3, 6: 4 }[data[9] ?? 0] ?? 0
      if (data[8] !== 8 || channels === 0 || data[12] !== 0) throw new Error('a PNG of another kind')
    }
    if (type === 'IDAT') parts.push(data)
    at += length + 12
  }
  return {
    width,
    height,
    channels,
    bytes: unfilter(inflateSync(Buffer.concat(parts)), width * channels, channels),
  }
}

/** Undoes the filters of the lines (PNG specification, section 9). */
function unfilter(raw: Buffer, lineBytes: number, channels: number): Buffer {
  const height = raw.length / (lineBytes + 1)
  const bytes = Buffer.alloc(height * lineBytes)
  for (let line = 0; line < height; line++) {
    const filter = raw[line * (lineBytes + 1)] ?? 0
    for (let at = 0; at < lineBytes; at++) {
      const here = line * lineBytes + at
      const left = at < channels ? 0 : (bytes[here - channels] ?? 0)
      const up = line === 0 ? 0 : (bytes[here - lineBytes] ?? 0)
      const upLeft = line === 0 || at < channels ? 0 : (bytes[here - lineBytes - channels] ?? 0)
      const byte = raw[line * (lineBytes + 1) + 1 + at] ?? 0
      bytes[here] = (byte + predicted(filter, left, up, upLeft)) & 0xff
    }
  }
  return bytes
}

function predicted(filter: number, left: number, up: number, upLeft: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  if (filter !== 4) return 0
  const guess = left + up - upLeft
  const [toLeft, toUp, toUpLeft] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - upLeft)]
  if (toLeft <= toUp && toLeft <= toUpLeft) return left
  return toUp <= toUpLeft ? up : upLeft
}

/** The colours that most pixels have, each the mean of those that are counted as one. */
function paletteOf({ bytes, channels }: Pixels): Buffer {
  const counts = new Map<number, [count: number, red: number, green: number, blue: number]>()
  for (let at = 0; at < bytes.length; at += channels) {
    const [red = 0, green = 0, blue = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]]
    const key = keyOf(red, green, blue)
    const found = counts.get(key)
    if (found === undefined) counts.set(key, [1, red, green, blue])
    else {
      found[0]++
      found[1] += red
      found[2] += green
      found[3] += blue
    }
  }
  const most = [...counts.values()].sort(([a], [b]) => b - a).slice(0, COLOURS_MAX)
  return Buffer.from(most.flatMap(([count, ...sums]) => sums.map((sum) => Math.round(sum / count))))
}

function keyOf(red: number, green: number, blue: number): number {
  const drop = 8 - COUNTED_BITS
  return (((red >> drop) << COUNTED_BITS) | (green >> drop)) * (1 << COUNTED_BITS) + (blue >> drop)
}

function encode({ width, height, channels, bytes }: Pixels, palette: Buffer): Buffer {
  const lines = Buffer.alloc(height * (width + 1))
  const nearest = new Map<number, number>()
  for (let line = 0; line < height; line++) {
    for (let column = 0; column < width; column++) {
      const at = (line * width + column) * channels
      const colour = bytes.readUIntBE(at, 3)
      const known = nearest.get(colour) ?? nearestTo(colour, palette)
      nearest.set(colour, known)
      lines[line * (width + 1) + 1 + column] = known
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function nearestTo(colour: number, palette: Buffer): number {
  const [red, green, blue] = [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let at = 0; at < palette.length; at += 3) {
    const [r = 0, g = 0, b = 0] = [palette[at], palette[at + 1], palette[at + 2]]
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2
    if (distance < least) {
      least = distance
      best = at / 3
    }
  }
  return best
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
