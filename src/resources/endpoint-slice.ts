// Reads a discovery.k8s.io/v1 EndpointSlice: the addresses behind a Service and which of them are ready.

import { PORT_MAX } from './backend.ts'
import type { Fields } from './fields.ts'
import { isIpv4, normaliseHost, normaliseIpv6 } from './host.ts'
import type { Reading } from './reading.ts'
import type { EndpointSlice, Meta } from './resource.ts'

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'

const NORMALISE_ADDRESS = new Map<string, (text: string) => string | undefined>([
  ['IPv4', (text) => (isIpv4(text) ? text : undefined)],
  ['IPv6', normaliseIpv6],
  ['FQDN', normaliseHost],
])

export function readEndpointSlice(manifest: Fields, meta: Meta): Reading {
  const addressType = manifest.requiredText('addressType', {
    says: 'must be IPv4, IPv6 or FQDN',
    holds: (text) => NORMALISE_ADDRESS.has(text),
  })
  const serviceName = Object.hasOwn(meta.labels, SERVICE_NAME_LABEL)
    ? (meta.labels[SERVICE_NAME_LABEL] ?? '')
    : ''
  const endpoints = (manifest.objects('endpoints') ?? []).map((item) => readEndpoint(item, addressType ?? ''))
  return { resource: { kind: 'EndpointSlice', meta, serviceName, ports: readPorts(manifest), endpoints } }
}

/** A port without number stands for any; there is nothing to connect to in it. */
function readPorts(manifest: Fields): EndpointSlice['ports'] {
  const ports: EndpointSlice['ports'][number][] = []
  for (const item of manifest.objects('ports') ?? []) {
    const name = item.text('name') ?? ''
    const port = item.integer('port', 0, PORT_MAX)
    if (port !== undefined) ports.push({ name, port })
  }
  // As long as it has to be: a list that grows keeps room for more.
  return [...ports]
}

function readEndpoint(item: Fields, addressType: string): EndpointSlice['endpoints'][number] {
  const normalise = NORMALISE_ADDRESS.get(addressType)
  const addresses: string[] = []
  for (const { field, text } of item.texts('addresses') ?? []) {
    const address = normalise?.(text)
    if (address !== undefined) addresses.push(address)
    else if (normalise !== undefined)
      item.problems.add(field, text, `must be an address of the type ${addressType}`)
  }
  const conditions = item.object('conditions')
  // Kubernetes: an unknown readiness is to be taken as ready, an unknown end as none.
  const ready = conditions?.flag('ready') ?? true
  const serving = conditions?.flag('serving') ?? ready
  const terminating = conditions?.flag('terminating') ?? false
  // A Service with publishNotReadyAddresses calls even those ready that are ending.
  return { addresses: [...addresses], ready, draining: terminating && serving && !ready }
}
