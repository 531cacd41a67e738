// What a request says of itself, written into the record of its exchange before anything is decided: also a request
// that is refused has to be found again.

import type { IncomingMessage } from 'node:http'
import type { ExchangeRecord } from '../telemetry/exchange-record.ts'
import type { Admitted } from './admit.ts'
import type { Peer } from './peer.ts'
import { headerList, headerValue } from './request-headers.ts'
import { clientAddress, type TrustedProxies } from './trusted-proxies.ts'

/** Fills the record. @param admitted undefined where the request was refused */
export function describeRequest(
  record: ExchangeRecord,
  req: IncomingMessage,
  admitted: Admitted | undefined,
  peer: Peer,
  trusted: TrustedProxies,
): void {
  const target = req.url ?? ''
  const mark = target.indexOf('?')
  record.startedAt = performance.now()
  record.method = req.method ?? ''
  record.path = admitted?.path ?? (mark < 0 ? target : target.slice(0, mark))
  record.query = mark < 0 ? '' : target.slice(mark + 1)
  record.host = admitted?.host ?? ''
  record.hostPort = admitted?.hostPort ?? 0
  record.scheme = peer.scheme
  record.httpVersion = req.httpVersion
  record.peerAddress = peer.address
  record.peerPort = peer.port
  record.clientAddress = peer.isTrusted
    ? clientAddress(peer.address, headerList(req.rawHeaders, 'x-forwarded-for'), trusted)
    : peer.address
  record.userAgent = headerValue(req.rawHeaders, 'user-agent')
  record.rawHeaders = req.rawHeaders
}
