// Connections that are kept and do nothing: `node idle-connections.ts PORT TARGET COUNT` opens them, sends one request on
// each, prints how many were answered, as `{ open, failed }`, and holds them until it is told to end.

import { connect } from 'node:net'
import { isGood, isWhole, rawRequest } from './raw-request.ts'

const [port = 0, count = 0] = [2, 4].map((at) => Number(process.argv[at]))
const request = rawRequest(port, process.argv[3] ?? '/')
/** Opened at the same time: below what listeners queue. */
const AT_ONCE = 100

let [open, failed, begun] = [0, 0, 0]
for (let each = 0; each < AT_ONCE; each++) begin()

function begin(): void {
  if (begun === count) return
  begun++
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  let received = ''
  let isSettled = false
  const settle = (good: boolean): void => {
    if (isSettled) return
    isSettled = true
    if (good) open++
    else failed++
    if (open + failed === count) process.stdout.write(`${JSON.stringify({ open, failed })}\n`)
    begin()
  }
  socket.once('connect', () => socket.write(request, 'latin1'))
  socket.on('data', (text: string) => {
    received += text
    if (isWhole(received)) settle(isGood(received))
  })
  socket.on('error', () => settle(false))
  socket.on('close', () => settle(false))
}
