// Answers for a fuzzer: good ones, with a few mutations of the kind that parsers disagree about, and places to cut them.

import fc from 'fast-check'

const FRAGMENTS = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\0',
  '\x7f',
  '\xe9',
  '0',
  '1',
  'f',
  'g',
  '-',
  '+',
  '0x',
  '\r\n\r\n',
  '0\r\n\r\n',
  '2\r\nok\r\n',
  'HTTP/1.1 200 Said\r\n',
  'HTTP/1.0 200 Said\r\n',
  'HTTP/1.1 103 Said\r\n\r\n',
  'HTTP/1.1 100 Said\r\n\r\n',
  'content-length: 2\r\n',
  'content-length: 3\r\n',
  'transfer-encoding: chunked\r\n',
  'transfer-encoding: gzip\r\n',
  'connection: close\r\n',
  'x-a: b\r\n',
  ' folded\r\n',
  'ffffffffffffffff',
  '9007199254740993',
]

const status = fc.constantFrom(
  '200 Said',
  '200 ',
  '200',
  '204 None',
  '304 Same',
  '404 No',
  '500 Oh',
  '599 X',
  '103 Hint',
)
const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0')
const field = fc.constantFrom(
  'x-a: b',
  'X-B:c',
  'x-c: \t d \t',
  'x-empty:',
  'connection: close',
  'connection: keep-alive',
  'keep-alive: timeout=5',
  'set-cookie: a=b; c',
  'x-obs: \xe9\xff',
  'trailer: x-t',
  'upgrade: x',
  'content-type: text/plain',
)
const content = fc.string({ maxLength: 40, unit: fc.constantFrom('a', 'b', '\r', '\n', '0', ' ') })

function framed(text: string, framing: string, sizes: readonly number[]): string {
  if (framing === 'length') return `content-length: ${text.length}\r\n\r\n${text}`
  if (framing === 'close') return `\r\n${text}`
  let out = 'transfer-encoding: chunked\r\n\r\n'
  let at = 0
  for (const size of [...sizes, text.length]) {
    const piece = text.slice(at, at + size)
    at += piece.length
    if (piece !== '')
      out += `${piece.length.toString(16)}${framing === 'extended' ? ';a=b;c="d"' : ''}\r\n${piece}\r\n`
  }
  return `${out}0\r\n${framing === 'trailed' ? 'x-t: u\r\n' : ''}\r\n`
}

const good = fc
  .record({
    before: fc.constantFrom('', '', '', 'HTTP/1.1 103 Hint\r\nlink: a\r\n\r\n', 'HTTP/1.1 102 Wait\r\n\r\n'),
    version,
    status,
    fields: fc.array(field, { maxLength: 4 }),
    framing: fc.constantFrom('length', 'length', 'chunked', 'extended', 'trailed', 'close'),
    sizes: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 4 }),
    content,
  })
  .map(
    (parts) =>
      `${parts.before}${parts.version} ${parts.status}\r\n${parts.fields.map((each) => `${each}\r\n`).join('')}` +
      framed(parts.content, parts.framing, parts.sizes),
  )

type Mutation =
  | { readonly type: 'insert'; readonly at: number; readonly text: string }
  | { readonly type: 'remove'; readonly at: number; readonly count: number }
  | { readonly type: 'flip'; readonly at: number; readonly octet: number }

/** A fraction. Doubles would nearly all be near to nothing. */
const place = fc.noBias(fc.integer({ min: 0, max: 9999 })).map((number) => number / 10_000)
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ type: fc.constant('insert' as const), at: place, text: fc.constantFrom(...FRAGMENTS) }),
  fc.record({ type: fc.constant('remove' as const), at: place, count: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ type: fc.constant('flip' as const), at: place, octet: fc.integer({ min: 0, max: 255 }) }),
)

function mutate(text: string, { at, ...how }: Mutation): string {
  const from = Math.floor(at * (text.length + 1))
  switch (how.type) {
    case 'insert':
      return text.slice(0, from) + how.text + text.slice(from)
    case 'remove':
      return text.slice(0, from) + text.slice(from + how.count)
    case 'flip':
      return text.slice(0, from) + String.fromCharCode(how.octet) + text.slice(from + 1)
  }
}

/** Latin1 text of an answer, good or mutated. */
export const answerText: fc.Arbitrary<string> = fc
  .tuple(
    good,
    fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 4, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
    ),
  )
  .map(([text, mutations]) => mutations.reduce(mutate, text))

/** Where to cut, as fractions of the length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(place, { maxLength: 6 })

/** The pieces of the text between the cuts. */
export function piecesOf(text: string, places: readonly number[]): Buffer[] {
  const bounds = [
    0,
    ...places.map((each) => Math.floor(each * text.length)).sort((a, b) => a - b),
    text.length,
  ]
  const pieces = bounds.slice(1).map((to, index) => Buffer.from(text.slice(bounds[index], to), 'latin1'))
  return pieces.filter((piece) => piece.length > 0)
}
