// The JSON bodies of the fifteen codes, as bytes that are made once and written as they are.
// Key order and spacing are the contract with clients; nothing of a single request ever gets into them.

import { CATALOGUE, codeText } from './catalogue.ts'

/**
 * Prepares the bodies under a base address, to which `#` and the two-digit code are appended.
 * The function that it returns gives the shared bytes of a code, which nobody may change; for a number that is no
 * code it gives those of 01.
 */
export function errorBodies(detailsBase: string): (code: number) => Buffer {
  const bodies = CATALOGUE.map(({ status, message, code }) => {
    const details = `Visit ${detailsBase}#${codeText(code)} for more details.`
    return Buffer.from(JSON.stringify({ status, message, code, details }))
  })
  const unknown = bodies[1] ?? Buffer.alloc(0)
  return (code) => bodies[code] ?? unknown
}
