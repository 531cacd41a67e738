// What a request says of itself, written into the record of its exchange before anything is decided: also a request
// that is refused has to be found again.

import type { IncomingMessage } from 'node:http'
import type { ExchangeRecord } from '../telemetry/exchange-record.ts'
import type { Admitted } from './admit.ts'
import { headerList, headerValue } from './request-headers.ts'
import { clientAddress, plainAddress, type TrustedProxies } from './trusted-proxies.ts'

/** Fills the record. @param admitted undefined where the request was refused */
export function describeRequest(
  record: ExchangeRecord,
  req: IncomingMessage,
  admitted: Admitted | undefined,
  trusted: TrustedProxies,
): void {
  const { socket } = req
  const target = req.url ?? ''
  const mark = target.indexOf('?')
  record.startedAt = performance.now()
  record.method = req.method ?? ''
  record.path = admitted?.path ?? (mark < 0 ? target : target.slice(0, mark))
  record.query = mark < 0 ? '' : target.slice(mark + 1)
  record.host = admitted?.host ?? ''
  record.hostPort = admitted?.hostPort ?? 0
  record.scheme = 'encrypted' in socket ? 'https' : 'http'
  record.httpVersion = req.httpVersion
  record.peerAddress = plainAddress(socket.remoteAddress)
  record.peerPort = socket.remotePort ?? 0
  record.clientAddress = record.peerAddress
  if (trusted.trusts(record.peerAddress)) {
    const chain = headerList(req.rawHeaders, 'x-forwarded-for')
    record.clientAddress = clientAddress(record.peerAddress, chain, trusted)
  }
  record.userAgent = headerValue(req.rawHeaders, 'user-agent')
  record.rawHeaders = req.rawHeaders
}
