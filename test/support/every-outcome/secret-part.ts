// Codes 06 and 07: the Secret of an https upstream is missing, not released, empty, or holds no pair that fits.

import { createAuthority, createSelfSigned } from '../certificates.ts'
import { apiProxy, secret } from '../manifests.ts'
import { get, nameOf, type Part } from './outcome.ts'
import type { Reason } from '../../../src/errors/catalogue.ts'

const SECRET_REASONS = [
  'secret_missing',
  'secret_not_released',
  'secret_data_missing',
  'certificate_unparsable',
  'key_unparsable',
  'key_pair_mismatch',
  'ca_unparsable',
] as const satisfies readonly Reason[]

export function secretPart(): Part {
  const client = createAuthority().client()
  const other = createSelfSigned()
  return {
    manifests: [
      secret('secret-not-released').cert(client.certificate).key(client.key).build(),
      secret('secret-data-missing').enabled().stringData('unrelated', 'value').build(),
      secret('certificate-unparsable').enabled().cert('no certificate').key(client.key).build(),
      secret('key-unparsable').enabled().cert(client.certificate).key('no key').build(),
      secret('key-pair-mismatch').enabled().cert(client.certificate).key(other.key).build(),
      secret('ca-unparsable').enabled().ca('no certificate at all').build(),
      ...SECRET_REASONS.map(nameOf).map((name) =>
        apiProxy(name).at(`/${name}`).toEndpoint('https://127.0.0.1:8443').ssl(name).build(),
      ),
    ],
    asks: Object.fromEntries(SECRET_REASONS.map((reason) => [reason, get(`/${nameOf(reason)}`)])),
    stop: () => Promise.resolve(),
  }
}
