// `kanalictl apikey generate`: a new ApiKey with one revision.

import type { ApiKeyManifest } from '../../resources/crds/crds.ts'
import { DNS_SUBDOMAIN } from '../../resources/text-rules.ts'
import { type KeyOptions, newKey } from './clear-key.ts'
import { deliver, formatOf, type OutputOptions, render } from './output.ts'
import { Refusal } from './refusal.ts'
import type { Terminal } from './terminal.ts'

export interface GenerateOptions extends KeyOptions, OutputOptions {
  readonly 'key.name': string
}

export async function generateApiKey(options: GenerateOptions, terminal: Terminal): Promise<void> {
  const name = options['key.name']
  if (!DNS_SUBDOMAIN.holds(name))
    throw new Refusal(`--key.name ${JSON.stringify(name)} ${DNS_SUBDOMAIN.says}`)
  const format = formatOf(options, 'yaml')
  const key = await newKey(options, terminal)
  const manifest: ApiKeyManifest = {
    apiVersion: 'kanali.io/v2',
    kind: 'ApiKey',
    metadata: { name },
    spec: { revisions: [{ data: key.data, status: 'Active' }] },
  }
  await deliver(render(manifest, format), options, terminal)
  await key.show(name)
}
