// The few DER encodings (ITU-T X.690) that a certificate needs. For tests only: it checks nothing.

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content])
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return der(0x30, ...contents)
}

export function set(...contents: readonly Uint8Array[]): Buffer {
  return der(0x31, ...contents)
}

/** Context-specific: `[number]`, constructed. */
export function explicit(number: number, ...contents: readonly Uint8Array[]): Buffer {
  return der(0xa0 | number, ...contents)
}

/** Context-specific: `[number]`, primitive. */
export function implicit(number: number, content: Uint8Array): Buffer {
  return der(0x80 | number, content)
}

/** A non-negative integer, given as its bytes, most significant first. */
export function integer(bytes: Uint8Array): Buffer {
  const leading = bytes[0] ?? 0
  return leading >= 0x80 ? der(0x02, Buffer.from([0]), bytes) : der(0x02, bytes)
}

export function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0x00]))
}

export function octets(content: Uint8Array): Buffer {
  return der(0x04, content)
}

/** @param unused number of bits at the end that do not count */
export function bits(content: Uint8Array, unused = 0): Buffer {
  return der(0x03, Buffer.from([unused]), content)
}

export function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text))
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...others.flatMap(base128)]))
}

/** UTCTime until 2049, GeneralizedTime from then on: RFC 5280, section 4.1.2.5. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
  if (date.getUTCFullYear() < 2050) return der(0x17, Buffer.from(`${digits.slice(2)}Z`))
  return der(0x18, Buffer.from(`${digits}Z`))
}

function base128(value: number): number[] {
  const groups = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80)
  return groups
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}
