// OTLP requests taken apart to the bytes of each field, for comparing two encoders: equal but for the order of fields.

/** A message's fields as `number:hex of tag, length and value`. */
function fieldsOf(
  message: Buffer,
): { readonly number: number; readonly content: Buffer; readonly whole: Buffer }[] {
  const fields = []
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = varint(message, at)
    const wire = tag & 7
    let start = afterTag
    let end = 0
    if (wire === 0) end = varint(message, afterTag)[1]
    else if (wire === 1) end = afterTag + 8
    else if (wire === 5) end = afterTag + 4
    else if (wire === 2) {
      const [length, afterLength] = varint(message, afterTag)
      start = afterLength
      end = afterLength + length
    } else throw new Error(`wire type ${wire}`)
    if (end > message.length) throw new Error('a field is longer than its message')
    fields.push({
      number: tag >>> 3,
      content: message.subarray(start, end),
      whole: message.subarray(at, end),
    })
    at = end
  }
  return fields
}

/** All that stands around the spans, and of each span its fields in hex, sorted. */
export function takenApart(request: Buffer): { readonly around: string[]; readonly spans: string[][] } {
  const around: string[] = []
  const spans: string[][] = []
  for (const resourceSpans of fieldsOf(request)) {
    for (const field of fieldsOf(resourceSpans.content)) {
      if (field.number !== 2) around.push(field.whole.toString('hex'))
      else
        for (const inner of fieldsOf(field.content)) {
          if (inner.number !== 2) around.push(inner.whole.toString('hex'))
          else
            spans.push(
              fieldsOf(inner.content)
                .map(({ whole }) => whole.toString('hex'))
                .sort(),
            )
        }
    }
  }
  return { around, spans }
}

function varint(bytes: Buffer, from: number): [value: number, next: number] {
  let value = 0
  for (let at = from, factor = 1; ; at++, factor *= 128) {
    const byte = bytes[at]
    if (byte === undefined) throw new Error('a varint is cut')
    value += (byte & 127) * factor
    if (byte < 128) {
      if (at > from && byte === 0) throw new Error('a varint is longer than it must be')
      return [value, at + 1]
    }
  }
}
