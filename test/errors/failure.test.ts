import { expect, test } from 'vitest'
import { errorOf } from '../../src/errors/catalogue.ts'
import { failure } from '../../src/errors/failure.ts'

test('a failure holds the shared fact of its reason and has no cause where nothing was thrown', () => {
  const made = failure('secret_missing', 'Secret team-a/tls')
  expect(made).toEqual({ fact: errorOf('secret_missing'), detail: 'Secret team-a/tls' })
  expect(made.fact).toBe(errorOf('secret_missing'))
})

test('a thrown Error is kept as it is', () => {
  const thrown = new TypeError('no')
  expect(failure('plugin_threw', '', thrown).cause).toBe(thrown)
})

test('something else that was thrown is described in an Error', () => {
  expect(failure('plugin_threw', '', 'just text').cause?.message).toBe('just text')
  expect(failure('plugin_threw', '', { status: 403 }).cause?.message).toBe('{ status: 403 }')
  expect(failure('plugin_threw', '', null).cause?.message).toBe('null')
})

test('something that throws when it is looked at is described all the same', () => {
  const hostile = new Proxy(
    {},
    {
      getPrototypeOf() {
        throw new Error('trap')
      },
    },
  )
  expect(failure('plugin_threw', '', hostile).cause).toBeInstanceOf(Error)
  expect(failure('plugin_threw', '', Object.create(null)).cause).toBeInstanceOf(Error)
})

test('the description of what was thrown is cut at a thousand characters', () => {
  expect(failure('plugin_threw', '', 'x'.repeat(5000)).cause?.message).toHaveLength(1000)
  expect(failure('plugin_threw', '', { text: 'x'.repeat(5000) }).cause?.message.length).toBeLessThanOrEqual(
    1000,
  )
})
