import { expect, test } from 'vitest'
import { errorBodies } from '../../src/errors/bodies.ts'
import { CATALOGUE } from '../../src/errors/catalogue.ts'

const BASE = 'https://kanali.io/docs/v2/errorcodes/'

test('the body of code 00 is the one of the contract, byte for byte', () => {
  expect(errorBodies(BASE)(0).toString('latin1')).toBe(
    '{"status":404,"message":"No ApiProxy resource was not found that matches the request.","code":0,"details":"Visit https://kanali.io/docs/v2/errorcodes/#00 for more details."}',
  )
})

test('every body has its four keys in order, a plain integer as code and two digits in the anchor', () => {
  const bodyOf = errorBodies(BASE)
  for (const { code, status, message } of CATALOGUE) {
    const anchor = code < 10 ? `0${code}` : `${code}`
    expect(bodyOf(code).toString()).toBe(
      `{"status":${status},"message":"${message}","code":${code},"details":"Visit ${BASE}#${anchor} for more details."}`,
    )
  }
})

test('the base of the address is the one that was given', () => {
  const { details } = JSON.parse(errorBodies('http://docs.test/errors')(14).toString()) as { details: string }
  expect(details).toBe('Visit http://docs.test/errors#14 for more details.')
})

test('the bytes of a code are prepared once and shared', () => {
  const bodyOf = errorBodies(BASE)
  expect(bodyOf(8)).toBe(bodyOf(8))
})

test('a number that is no code gets the body of 01', () => {
  const bodyOf = errorBodies(BASE)
  for (const code of [15, -1, 1.5, Number.NaN]) expect(bodyOf(code)).toBe(bodyOf(1))
})
