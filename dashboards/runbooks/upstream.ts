// Code 08: the request to the upstream failed.

import type { CodeAdvice } from './advice.ts'
import { EXPLAINED, reasonsOf, recent } from './commands.ts'
import { ANSWER } from './upstream-answer.ts'
import { CONNECTION } from './upstream-connection.ts'
import { TLS } from './upstream-tls.ts'

export const ADVICE_08: CodeAdvice<8> = {
  hit: 'Callers of the ApiProxies that lead to that upstream. One upstream: theirs. Many at once, from one replica: its network. Many at once, from all: DNS, a network policy, a node.',
  stop: 'Was the upstream or its ApiProxy released a moment ago? Go back. The gateway does not try again by itself: a request that was sent may have had its effect.',
  first: [reasonsOf('08'), recent('08'), EXPLAINED],
  reasons: { ...CONNECTION, ...TLS, ...ANSWER },
  more: ['http.md', 'telemetry.md'],
}
