import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from '../../src/kube/line-splitter.ts'

test('gives the same lines however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ''))),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (texts, sizes) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''))
        const splitter = new LineSplitter(1_000_000)
        const lines: string[] = []
        for (let from = 0, cut = 0; from < bytes.length; cut++) {
          const size = sizes[cut % sizes.length] ?? 1
          lines.push(...(splitter.push(bytes.subarray(from, from + size)) ?? []))
          from += size
        }
        expect(lines).toEqual(
          Buffer.from(texts.join('\n'))
            .toString()
            .split('\n')
            .filter((text) => text !== ''),
        )
        expect(splitter.pendingBytes).toBe(0)
      },
    ),
  )
})

test('gives up at a line beyond its limit, ended or not', () => {
  expect(new LineSplitter(4).push(Buffer.from('12345'))).toBeUndefined()
  expect(new LineSplitter(4).push(Buffer.from('1\n12345\n'))).toBeUndefined()
  expect(new LineSplitter(4).push(Buffer.from('1234\n1234'))).toEqual(['1234'])
})
