// The request that the clients of the bench send on raw sockets, and when an answer to it is whole: one with
// Content-Length or chunks, as all targets of the bench give.

import { REQUEST_FIELDS } from './load.ts'

export function rawRequest(port: number, target: string): string {
  const fields = REQUEST_FIELDS.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${fields}\r\n`
}

/** `answer` is what came so far, as latin1. */
export function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n')
  if (headEnd < 0) return false
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(answer)
  if (length !== null && length.index < headEnd) return answer.length >= headEnd + 4 + Number(length[1])
  return answer.endsWith('0\r\n\r\n')
}

/** Whether the status is 2xx. */
export function isGood(answer: string): boolean {
  return answer[9] === '2'
}
