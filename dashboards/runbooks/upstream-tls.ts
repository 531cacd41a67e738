// Code 08 where TLS to the upstream fails.

import type { ReasonAdvice, ReasonOf } from './advice.ts'

export type TlsReason = Extract<ReasonOf<8>, `tls_${string}`>

const served = (filter: string): string =>
  `openssl s_client -connect <host>:<port> </dev/null 2>/dev/null | openssl x509 -noout ${filter}`

export const TLS: Readonly<Record<TlsReason, ReasonAdvice>> = {
  tls_handshake_failed: {
    detail: 'alert handshake failure',
    tell: 'No certificate is to blame: or phase `tls` with another alert, the end of the connection, or a time-out.',
    causes: [
      [
        'No protocol version or cipher in common',
        'Node offers TLS 1.2 and 1.3: bring the upstream up to date.',
      ],
      ['It demands a name (SNI) that the address does not give', 'Use the host name in `endpoint`.'],
      ['It accepts and then hangs', 'See [connection_timeout](#connection_timeout): overloaded.'],
    ],
    look: [
      {
        says: 'the handshake without the gateway',
        run: 'openssl s_client -connect <host>:<port> </dev/null',
        shows: ['alert'],
        exit: 1,
      },
    ],
  },
  tls_certificate_untrusted: {
    detail: 'SELF_SIGNED_CERT',
    tell: 'Or `UNABLE_TO_VERIFY_LEAF_SIGNATURE` (an intermediate is not sent), `UNABLE_TO_GET_ISSUER_CERT_LOCALLY` (another CA).',
    causes: [
      [
        'The Secret has no `tls.ca`, or an old one',
        'With an `ssl` field only that CA counts: store the right one.',
      ],
      ['The upstream does not send its intermediate', 'Have it serve the whole chain.'],
      ['No `ssl` field, and a private CA', 'Add one with the CA.'],
    ],
    look: [
      {
        says: 'what the upstream serves, judged by the authorities of the system',
        run: 'openssl s_client -connect <host>:<port> -verify_return_error </dev/null',
        shows: ['verify error'],
        exit: 1,
      },
    ],
  },
  tls_certificate_expired: {
    detail: 'CERT_HAS_EXPIRED',
    tell: 'Or `CERT_NOT_YET_VALID`. It begins at one moment for all callers: that of `notAfter`.',
    causes: [
      [
        'It was not renewed',
        'Renew it. [KanaliCertificateExpiring](kanali-certificate-expiring.md) tells of those in Secrets only, not of what an upstream serves.',
      ],
      ['It was renewed and the upstream serves the old one', 'Restart or reload the upstream.'],
      ['The clock of the node is wrong', 'Compare `date` there.'],
    ],
    look: [
      {
        says: 'until when it was valid (status 1 says that it no longer is)',
        run: served('-enddate -checkend 0'),
        shows: ['notAfter=', 'will expire'],
        exit: 1,
      },
    ],
  },
  tls_certificate_name_mismatch: {
    detail: 'ERR_TLS_CERT_ALTNAME_INVALID',
    tell: 'It has the name that was asked for and those that the certificate has.',
    causes: [
      [
        'The upstream is reached by address or by its Service name',
        'Have that name in the certificate, or name the upstream by the one that is.',
      ],
      [
        'Certificates that never name the host',
        '`--proxy.tls_common_name_validation=false` skips the name; the chain is verified all the same.',
      ],
    ],
    look: [
      {
        says: 'the names in its certificate',
        run: served('-ext subjectAltName'),
        shows: ['Subject Alternative Name'],
      },
    ],
  },
  tls_client_certificate_refused: {
    detail: 'alert certificate required',
    tell: 'Or another alert: `bad certificate`, `unknown ca`. Some servers hang up without a word: that is [connection_closed_before_head](#connection_closed_before_head) on an https upstream.',
    causes: [
      ['The Secret has a CA and no pair', 'Store `tls.crt` and `tls.key` that the upstream takes.'],
      [
        'The client certificate has expired, or is of another CA',
        'Renew it: `kubectl describe apiproxy` names the Secret.',
      ],
    ],
    look: [
      {
        says: 'which authorities it takes client certificates of',
        run: 'openssl s_client -connect <host>:<port> -tls1_2 </dev/null',
        shows: ['Acceptable client certificate CA names'],
        exit: 1,
      },
    ],
  },
  tls_not_spoken: {
    detail: 'WRONG_VERSION_NUMBER',
    tell: 'Or `packet length too long`: what came back is no TLS.',
    causes: [
      [
        'The port speaks plain HTTP',
        'Write `http://` in `endpoint`, or take the `ssl` field away; or give the TLS port.',
      ],
      ['A proxy in between answers', 'See what it says.'],
    ],
    look: [
      {
        says: 'what it says in plain HTTP',
        run: 'curl -sv --max-time 5 http://<host>:<port>/',
        shows: ['HTTP/1.1'],
      },
    ],
  },
}
