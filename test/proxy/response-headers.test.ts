import { expect, it } from 'vitest'
import { responseHead } from '../../src/proxy/response-headers.ts'

it.each<[string, string[], boolean]>([
  ['chunked', ['transfer-encoding', 'chunked'], false],
  ['chunked in any case', ['Transfer-Encoding', 'Chunked'], false],
  ['chunked with a space behind it', ['transfer-encoding', 'chunked '], false],
  ['chunked twice', ['transfer-encoding', 'chunked', 'transfer-encoding', 'chunked'], true],
  ['another coding', ['transfer-encoding', 'gzip'], true],
  ['another coding before chunked', ['transfer-encoding', 'gzip, chunked'], true],
  ['chunked with a tab behind it, which undici leaves there', ['transfer-encoding', 'chunked\t'], true],
])('an answer with %s is delimited by us or refused', (_, raw, unframeable) => {
  expect(responseHead(raw, '1.1', false).unframeable).toBe(unframeable)
})
