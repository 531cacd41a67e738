// The codes of the Secret that an `ssl` field names: 06 (retrieving it) and 07 (its key pair).
// Statuses and messages are the contract with clients; they never change, faults of grammar included.

import type { CatalogueEntry } from './catalogue-entry.ts'

export const CODE_06 = {
  code: 6,
  status: 500,
  message: 'Could not retrieve Kubernetes secret.',
  means: 'The Secret of the `ssl` field is missing, not released to the gateway, or lacks the data.',
  check:
    "Check its name and namespace, its annotation `kanali.io/enabled: 'true'`, its data keys, and the access of the gateway to the API server.",
  reasons: [
    {
      reason: 'secret_missing',
      blame: 'config',
      means: 'No Secret of the name that the ApiProxy gives is in the namespace of the ApiProxy.',
      check:
        'Run `kubectl get secret <name> -n <namespace of the ApiProxy>` and compare with `spec.target.ssl.secretName`.',
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'secret_not_released',
      blame: 'config',
      means: 'The Secret is there, and its owner has not released it to the gateway by annotation.',
      check:
        'If the gateway may use it: `kubectl annotate secret <name> -n <namespace> kanali.io/enabled=true`. The value must be the string `true`.',
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'secret_data_missing',
      blame: 'config',
      means:
        'The Secret is released, and it has none of the data keys that are looked for, or its data cannot be read.',
      check:
        'List its keys: `kubectl describe secret <name> -n <namespace>`. Looked for are `tls.crt` with `tls.key`, and `tls.ca`, or the names that the annotations `kanali.io/cert`, `kanali.io/key` and `kanali.io/ca` give.',
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'secret_unreadable',
      blame: 'config',
      means:
        'The gateway cannot tell whether the Secret exists: its source refuses Secrets or has not listed them yet.',
      check:
        'Run `kubectl auth can-i list secrets --as system:serviceaccount:<namespace>:<service account>`, correct the ClusterRole, and look at `kanali_source_synced{kind="Secret"}`.',
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'secret_not_restored',
      blame: 'config',
      means:
        'The gateway was started from its journal, which never holds the bytes of a Secret, and its source has not been heard since.',
      check:
        'Look at `curl http://<gateway>:9000/readyz` and `kanali_source_stale_seconds`: once the source is heard, the Secret is read and requests go through. If it stays away, see why the API server or the watched folder cannot be reached.',
      proxyStatus: 'proxy_configuration_error',
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_07 = {
  code: 7,
  status: 500,
  message: 'Could not create x509 key pair.',
  means: 'Certificate and key of the Secret do not parse or do not belong together.',
  check: 'Compare the public keys of certificate and key with openssl.',
  reasons: [
    {
      reason: 'certificate_unparsable',
      blame: 'config',
      means:
        'The data key for the certificate does not hold an X.509 certificate in PEM, or is missing beside a private key.',
      check:
        "Run `kubectl get secret <name> -n <namespace> -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -enddate`. Frequent: base64 applied twice, or a chain cut short.",
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'key_unparsable',
      blame: 'config',
      means:
        'The data key for the private key does not hold an unencrypted private key in PEM, or is missing beside a certificate.',
      check:
        "Run `kubectl get secret <name> -n <namespace> -o jsonpath='{.data.tls\\.key}' | base64 -d | openssl pkey -noout -check`. A key with a passphrase cannot be used.",
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'key_pair_mismatch',
      blame: 'config',
      means: 'Certificate and private key both parse, and they do not belong together.',
      check:
        'Compare `openssl x509 -in <certificate> -noout -pubkey` with `openssl pkey -in <key> -pubout`: the two must be the same. Frequent: only one of the two was renewed, or the chain is in the wrong order (the own certificate comes first).',
      proxyStatus: 'proxy_configuration_error',
    },
  ],
} as const satisfies CatalogueEntry
