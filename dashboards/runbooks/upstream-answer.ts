// Code 08 after the connection was there: the upstream broke off, was silent, or said what is no HTTP.

import type { Look, ReasonAdvice, ReasonOf } from './advice.ts'
import type { ConnectionReason } from './upstream-connection.ts'
import type { TlsReason } from './upstream-tls.ts'

export type AnswerReason = Exclude<ReasonOf<8>, ConnectionReason | TlsReason>

const directly = (shows: readonly string[], exit = 0): Look => ({
  says: 'the same request without the gateway',
  run: 'curl -sv --max-time 5 -o /dev/null http://<host>:<port><path>',
  shows,
  ...(exit !== 0 && { exit }),
})

const RESTARTS =
  'Look at its restarts and its log at the time of the span: `kubectl get pods`, `kubectl logs --previous`.'

export const ANSWER: Readonly<Record<AnswerReason, ReasonAdvice>> = {
  connection_closed_before_head: {
    detail: ', waiting: other side closed',
    tell: 'Or phase `sending`: not one byte of an answer came.',
    causes: [
      ['It crashed on this request, or was restarted', RESTARTS],
      [
        'Only after pauses: it closes idle connections sooner than the gateway',
        'Set `proxy.idle_connection_timeout` below its keep-alive time.',
      ],
      [
        'It hangs up on a client certificate that it does not like',
        'See [tls_client_certificate_refused](#tls_client_certificate_refused).',
      ],
    ],
    look: [directly(['Empty reply from server'], 52)],
  },
  connection_closed_in_head: {
    detail: ', head: other side closed',
    tell: 'Some bytes came, and then the end; or `ECONNRESET` in that phase.',
    causes: [['It crashed while it wrote its head', RESTARTS]],
    look: [directly(['HTTP/1.1 200'])],
  },
  connection_closed_in_body: {
    detail: ', body: other side closed',
    tell: "The status on the span is the upstream's own, `kanali.response.truncated` is true, and the client saw a reset: it had its status already.",
    causes: [
      ['It crashed or was restarted while it sent', RESTARTS],
      ['`Content-Length` is larger than what it sends', 'Mend the upstream.'],
      ['A proxy before it has a limit of time or size', 'Raise that.'],
    ],
    look: [directly(['bytes remaining to read'], 18)],
  },
  response_malformed: {
    detail: 'does not match the HTTP/1.1 protocol',
    tell: 'It says what the parser missed. In the body (phase `body`) the client saw a reset.',
    causes: [
      [
        'The port speaks something else: TLS, HTTP/2 without TLS, another protocol',
        'Give the right port or scheme.',
      ],
      [
        'Two different `Content-Length` fields, or broken chunks',
        'Mend the upstream: nobody can tell where such an answer ends.',
      ],
    ],
    look: [directly(['HTTP/0.9'], 1)],
  },
  response_unframeable: {
    detail: 'transfer coding is not chunked',
    tell: 'The answer had a head: the client span has its status.',
    causes: [
      [
        'The upstream compresses in `Transfer-Encoding`',
        'Compression belongs into `Content-Encoding`: change its configuration.',
      ],
    ],
    look: [
      {
        says: 'its transfer coding',
        run: 'curl -sv --raw --max-time 5 -o /dev/null http://<host>:<port><path>',
        shows: ['ransfer-encoding'],
      },
    ],
  },
  response_header_too_large: {
    detail: 'KANALI_HEAD_TOO_LARGE',
    tell: 'The limit is 64 KiB.',
    causes: [
      ['Cookies pile up', 'Have the upstream expire them.'],
      ['Debug fields were left on', 'Switch them off.'],
    ],
    look: [
      {
        says: 'whether its head is above 64 KiB',
        run: 'test "$(curl -s -o /dev/null -w \'%{size_header}\' http://<host>:<port><path>)" -gt 65536 && echo too large',
        shows: ['too large'],
      },
    ],
  },
  response_head_timeout: {
    detail: 'ms (waiting)',
    tell: 'Or phase `head`; `kanali.duration.upstream_ms` is about `proxy.upstream_timeout`.',
    causes: [
      [
        'The upstream, or what it waits for, became slow',
        'Compare `kanali_upstream_duration_seconds` with yesterday; its own traces go on from the client span.',
      ],
      ['This call is meant to take longer', 'Raise `proxy.upstream_timeout`: it holds for all ApiProxies.'],
    ],
    look: [
      {
        ...directly([], 28),
        says: 'how long it takes without the gateway (status 28 is silence for 5 seconds)',
      },
    ],
  },
  response_body_timeout: {
    detail: 'ms (body)',
    tell: '`kanali.response.truncated`: it began and then stopped. The client saw a reset.',
    causes: [
      ['A stream that is quiet for long', 'Have it send a sign of life, or raise `proxy.upstream_timeout`.'],
      ['It is stuck in the middle', 'Look at what it reads from.'],
    ],
    look: [{ ...directly(['HTTP/1.1 200'], 28), says: 'where it pauses' }],
  },
  request_send_timeout: {
    detail: 'ms (sending)',
    tell: 'It took the head and stopped reading the content. Only requests with a body.',
    causes: [
      ['It reads nothing before something else is done', 'Have it read, or refuse early with a status.'],
      ['Its workers are all busy', 'More of them.'],
    ],
    look: [
      {
        says: 'an upload of 64 MiB without the gateway (status 28 says that it does not read)',
        run: 'head -c 67108864 /dev/zero | curl -s --max-time 5 -T - http://<host>:<port><path>',
        shows: [],
        exit: 28,
      },
    ],
  },
  unexpected_informational: {
    detail: 'bad response',
    tell: 'A status 101 before the answer, which the gateway had not asked for: it never sends `Upgrade`. With `proxy.upstream_transport: undici` a 100 too.',
    causes: [
      [
        'The upstream answers every request by `101 Switching Protocols`',
        'It speaks another protocol than HTTP/1.1 there: ask it at another port or path.',
      ],
      [
        'With undici: the upstream sends `100 Continue` always',
        'Use `proxy.upstream_transport: socket`, or switch that off.',
      ],
    ],
    look: [directly(['101 Switching Protocols'], 52)],
  },
  upstream_error: {
    tell: 'In any phase. Nothing finer is known: the event `exception` on the server span has what the transport said.',
    causes: [
      [
        'Something that nobody foresaw',
        'Find it in the detail and the stack, and report it, so that it gets a reason of its own.',
      ],
    ],
  },
}
