// Codes 06 and 07: the Secret of an `ssl` field, and the pair in it.

import type { CodeAdvice } from './advice.ts'
import { compiled, conditionsOf, EXPLAINED, metric, ready } from './commands.ts'

const COMPILED = {
  ...compiled('"<apiproxy>"'),
  says: 'the same without kubectl',
}
const DESCRIBED = {
  says: 'annotations and data keys of the Secret, never its values',
  run: 'kubectl describe secret <secret> -n <namespace>',
}
const part = (key: string): string =>
  `kubectl get secret <secret> -n <namespace> -o jsonpath='{.data.tls\\.${key}}' | base64 -d`

export const ADVICE_06: CodeAdvice<6> = {
  hit: 'All callers of the ApiProxies whose `ssl` field names the Secret. Known before the first request: a condition says it.',
  stop: 'Apply the former Secret again. Pairs are renewed without a restart and without cutting requests.',
  first: [conditionsOf('<apiproxy>'), COMPILED, EXPLAINED],
  reasons: {
    secret_missing: {
      detail: 'does not exist',
      condition: 'SecretMissing',
      tell: 'The detail has namespace and name.',
      causes: [
        [
          'Misspelt, deleted, or in another namespace',
          'It must be in the namespace of the ApiProxy: correct `spec.target.ssl.secretName`, or create it there.',
        ],
        ['cert-manager has not issued it yet', '`kubectl describe certificate -n <namespace>`.'],
        ['`kubernetes.secret_selector` leaves it out', 'Give it the label, or widen the selector.'],
      ],
      look: [
        {
          says: 'whether it is there',
          run: 'kubectl get secret <secret> -n <namespace>',
          shows: ['NotFound'],
          exit: 1,
        },
      ],
    },
    secret_not_released: {
      detail: 'is not annotated kanali.io/enabled',
      condition: 'SecretNotReleased',
      tell: 'It is there, and not a byte of it is kept.',
      causes: [
        [
          'The annotation is missing or is not the text `true`',
          'Whoever owns the Secret decides: `kubectl annotate secret <secret> -n <namespace> kanali.io/enabled=true`.',
        ],
        [
          'A tool writes the Secret anew and drops it',
          'Put the annotation into its template (cert-manager: `secretTemplate`).',
        ],
      ],
      look: [{ ...DESCRIBED, shows: ['Annotations:'] }],
    },
    secret_data_missing: {
      detail: 'has none of the data keys',
      condition: 'SecretDataMissing',
      tell: 'The detail lists the keys that were looked for.',
      causes: [
        [
          'Keys of other names (`ca.crt`, `cert.pem`)',
          'Name them in the annotations `kanali.io/cert`, `kanali.io/key`, `kanali.io/ca`.',
        ],
        ['A Secret of another purpose', 'Correct `spec.target.ssl.secretName`.'],
      ],
      look: [{ ...DESCRIBED, shows: ['Data'] }],
    },
    secret_unreadable: {
      detail: 'the source may not list Secrets',
      condition: 'SecretUnreadable',
      tell: 'Hits every ApiProxy with an `ssl` field at once. `/readyz` names the kind Secret with `kind_refused` or `kind_pending`.',
      causes: [
        [
          'The ClusterRole lacks Secrets',
          'Apply the roles of `deploy/kubernetes/` again; taken up within half a minute.',
        ],
        [
          'Secrets are not listed yet',
          'Wait, or see [code 09](code-09.md), which has the same causes for Services.',
        ],
      ],
      look: [
        ready('that Secrets are refused', 'kind_refused', 'Secret'),
        {
          says: 'the rights of the account',
          run: 'kubectl auth can-i list secrets --as system:serviceaccount:<gateway namespace>:<service account>',
          shows: ['no'],
          exit: 1,
        },
      ],
    },
    secret_not_restored: {
      detail: 'have not been read since the start',
      condition: 'SecretNotRestored',
      tell: 'Only after a start from the journal while the source is away: `/readyz` has `source_stale`, spans have `kanali.snapshot.stale=true`.',
      causes: [
        [
          'The API server or the folder cannot be reached',
          'Bring it back: the Secret is read, and requests pass, without a restart.',
        ],
        ['Other replicas are still well', 'Take this one out of service until then.'],
      ],
      look: [
        ready('since when the source is silent', 'source_stale'),
        metric('the same in seconds', '^kanali_source_stale_seconds', 'kanali_source_stale_seconds'),
      ],
    },
  },
  more: ['kubernetes.md', 'journal.md'],
}

export const ADVICE_07: CodeAdvice<7> = {
  hit: 'All callers of the ApiProxies whose `ssl` field names the Secret. A condition says it before the first request.',
  stop: 'Put the former pair back into the Secret; it is live within a second.',
  first: [conditionsOf('<apiproxy>'), { ...DESCRIBED, shows: ['tls.crt:', 'tls.key:'] }, EXPLAINED],
  reasons: {
    certificate_unparsable: {
      detail: 'tls.crt does not parse',
      condition: 'CertificateUnparsable',
      tell: 'The detail says what is wrong with it; the key name is another where an annotation says so.',
      causes: [
        [
          'base64 twice, DER instead of PEM, a text of a template',
          'Write PEM; `kubectl create secret tls` encodes it once.',
        ],
        ['A key without its certificate', 'Store both, or neither.'],
      ],
      look: [
        {
          says: 'what openssl makes of it',
          run: `${part('crt')} | openssl x509 -noout -subject -enddate`,
          shows: ['ould not'],
          exit: 1,
        },
      ],
    },
    key_unparsable: {
      detail: 'tls.key does not parse',
      condition: 'KeyUnparsable',
      tell: 'The certificate parses.',
      causes: [
        [
          'A key with a passphrase',
          '`openssl pkey -in <key> -out <plain key>` asks for it once and takes it off.',
        ],
        ['The public key, or a certificate request, was stored', 'Store the private key.'],
      ],
      look: [
        {
          says: 'what openssl makes of it',
          run: `${part('key')} | openssl pkey -noout`,
          shows: ['ould not'],
          exit: 1,
        },
      ],
    },
    key_pair_mismatch: {
      detail: 'do not belong together',
      condition: 'KeyPairMismatch',
      tell: 'Both parse.',
      causes: [
        ['Only one of the two was renewed', 'Write both in one update.'],
        ['The chain is in the wrong order', 'The own certificate comes first, intermediates behind it.'],
      ],
      look: [
        {
          says: 'the public key of the certificate',
          run: `${part('crt')} | openssl x509 -noout -pubkey`,
          shows: ['BEGIN PUBLIC KEY'],
        },
        {
          says: 'that of the key: the two must be equal',
          run: `${part('key')} | openssl pkey -pubout`,
          shows: ['BEGIN PUBLIC KEY'],
        },
      ],
    },
  },
  more: ['kubernetes.md'],
}
