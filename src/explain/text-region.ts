// A fixed piece of memory for the texts of one exchange, so that what clients choose costs the same however long it is,
// and nothing of a request stays alive in them: a piece of a string would keep all of the string. What does not fit is cut.

/** Bytes for each text, in the order in which they lie. Paths and hosts are Latin-1, as the parser gives them. */
const FIELDS = { host: 256, path: 640, query: 256, client: 64, endpoint: 272, targetPath: 496 } as const
export type TextField = keyof typeof FIELDS

const NAMES = Object.keys(FIELDS) as TextField[]
const OFFSETS = offsets()

/** Bytes of one region. */
export const REGION_BYTES = NAMES.reduce((sum, name) => sum + FIELDS[name], 0)

export class TextRegion {
  readonly #memory: Buffer
  readonly #start: number
  /** Of the text as it was, by its place in FIELDS; what is longer than its room was cut. */
  readonly #lengths = new Uint32Array(NAMES.length)

  /** @param index of the region in a memory of several */
  constructor(memory: Buffer, index: number) {
    this.#memory = memory
    this.#start = index * REGION_BYTES
  }

  write(field: TextField, text: string): void {
    const { index, offset } = OFFSETS[field]
    this.#lengths[index] = text.length
    if (text.length > 0) this.#memory.write(text, this.#start + offset, FIELDS[field], 'latin1')
  }

  /** The text; one that was cut ends in an ellipsis. */
  read(field: TextField): string {
    const { index, offset } = OFFSETS[field]
    const length = this.#lengths[index] ?? 0
    const start = this.#start + offset
    const text = this.#memory.toString('latin1', start, start + Math.min(length, FIELDS[field]))
    return length > FIELDS[field] ? `${text.slice(0, -1)}…` : text
  }
}

function offsets(): Readonly<Record<TextField, { readonly index: number; readonly offset: number }>> {
  let offset = 0
  const places = NAMES.map((name, index) => {
    const place = { index, offset }
    offset += FIELDS[name]
    return [name, place] as const
  })
  return Object.fromEntries(places) as Record<TextField, { index: number; offset: number }>
}
