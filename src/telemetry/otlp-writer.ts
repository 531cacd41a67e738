// Writes protobuf's wire format into one growing buffer that is used again and again: no object, no second pass for
// sizes. A length is written when its content is there, and content is moved only where the length needs more bytes than
// was guessed, so that every varint is as short as it can be (https://protobuf.dev/programming-guides/encoding/).

const FIRST_BYTES = 64 * 1024
/** Up to here a loop over char codes is quicker than a call out of JavaScript. */
const LOOP_CHARS_MAX = 48
const TWO_32 = 0x1_0000_0000
/** Value of a hex digit by its char code. */
const NIBBLES = Uint8Array.from(
  { length: 128 },
  (_, unit) => Number.parseInt(String.fromCharCode(unit), 16) || 0,
)

export class OtlpWriter {
  bytes: Buffer
  /** Where the next byte goes. */
  at = 0
  #view: DataView
  /** The last second written and its nanoseconds since the epoch, as two halves: thousands of times share it. */
  #second = 0
  #secondLow = 0
  #secondHigh = 0

  constructor(bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)) {
    this.bytes = bytes
    this.#view = viewOf(bytes)
  }

  /** Goes on in another buffer, from its start. */
  use(bytes: Buffer): void {
    this.bytes = bytes
    this.#view = viewOf(bytes)
    this.at = 0
  }

  /** Makes room for so many bytes; the writes that follow do not ask. */
  reserve(count: number): void {
    const needed = this.at + count
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
    this.#view = viewOf(grown)
  }

  /** One byte: most tags, and lengths below 128. */
  byte(value: number): void {
    this.bytes[this.at++] = value
  }

  /** An integer of up to 64 bits, negative ones in two's complement. Takes up to 10 bytes. */
  varint(value: number): void {
    const { bytes } = this
    let low = value >>> 0
    let high = value >= 0 && value < TWO_32 ? 0 : Math.floor(value / TWO_32) >>> 0
    while (high > 0 || low > 127) {
      bytes[this.at++] = (low & 127) | 128
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    bytes[this.at++] = low
  }

  /** Bytes that were encoded before. */
  raw(encoded: Uint8Array): void {
    this.bytes.set(encoded, this.at)
    this.at += encoded.length
  }

  /** A number of 64 bits, little endian. */
  double(value: number): void {
    this.#view.setFloat64(this.at, value, true)
    this.at += 8
  }

  /** Nanoseconds since the epoch as fixed64. @param seconds whole @param nanoseconds below 1e9 */
  time(seconds: number, nanoseconds: number): void {
    if (seconds !== this.#second) {
      // Two factors below 2^53: the product of the whole would lose digits.
      const upper = Math.floor(seconds / 65_536) * 1e9
      const lower = (upper % 65_536) * 65_536 + (seconds % 65_536) * 1e9
      this.#second = seconds
      this.#secondLow = lower % TWO_32
      this.#secondHigh = Math.floor(upper / 65_536) + Math.floor(lower / TWO_32)
    }
    const low = this.#secondLow + nanoseconds
    const carry = low >= TWO_32 ? 1 : 0
    this.#view.setUint32(this.at, low - carry * TWO_32, true)
    this.#view.setUint32(this.at + 4, this.#secondHigh + carry, true)
    this.at += 8
  }

  /** Pairs of lower-case hex digits as the bytes that they stand for. */
  hex(digits: string): void {
    const { bytes } = this
    let { at } = this
    for (let index = 0; index < digits.length; index += 2) {
      const upper = NIBBLES[digits.charCodeAt(index)] ?? 0
      bytes[at++] = (upper << 4) | (NIBBLES[digits.charCodeAt(index + 1)] ?? 0)
    }
    this.at = at
  }

  /**
   * A text as UTF-8 without its length. Lone surrogates become U+FFFD. Needs three bytes of room per character.
   * @returns how many bytes it took
   */
  text(value: string): number {
    const { bytes, at } = this
    const { length } = value
    if (length <= LOOP_CHARS_MAX) {
      let index = 0
      for (; index < length; index++) {
        const unit = value.charCodeAt(index)
        if (unit > 127) break
        bytes[at + index] = unit
      }
      if (index === length) {
        this.at = at + length
        return length
      }
    }
    const written = bytes.write(value, at)
    this.at = at + written
    return written
  }

  /** A length-delimited field: tag, length, text. Asks for the room that it needs. */
  textField(tag: number, value: string): void {
    const { length } = value
    this.reserve(3 * length + 8)
    this.bytes[this.at++] = tag
    const lengthAt = this.at
    const guessed = varintSize(length)
    this.at += guessed
    const written = this.text(value)
    this.endOf(lengthAt, guessed, written)
  }

  /**
   * Writes a length into the bytes that were kept for it in front of content that ends here; moves the content where
   * it needs more or fewer.
   * @param lengthAt where the length goes @param kept bytes that were left for it @param length of the content
   */
  endOf(lengthAt: number, kept: number, length: number): void {
    const size = varintSize(length)
    if (size !== kept) {
      this.reserve(size)
      this.bytes.copyWithin(lengthAt + size, lengthAt + kept, lengthAt + kept + length)
    }
    this.at = lengthAt
    this.varint(length)
    this.at = lengthAt + size + length
  }
}

/** Bytes of a length as a varint. @param value 0 to 2^32 - 1 */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  return value < 0x1000_0000 ? 4 : 5
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
