// Reads a core/v1 Service: what discovery needs of it.

import { PORT_MAX } from './backend.ts'
import type { Fields } from './fields.ts'
import { isIpv4, normaliseIpv6 } from './host.ts'
import type { Reading } from './reading.ts'
import type { Meta } from './resource.ts'

export function readService(manifest: Fields, meta: Meta): Reading {
  const spec = manifest.object('spec')
  const ports = (spec?.objects('ports') ?? []).map((item) => ({
    name: item.text('name') ?? '',
    port: item.requiredInteger('port', 0, PORT_MAX) ?? 0,
  }))
  const clusterIP = spec === undefined ? undefined : readClusterIp(spec)
  return { resource: { kind: 'Service', meta, ports, ...(clusterIP !== undefined && { clusterIP }) } }
}

function readClusterIp(spec: Fields): string | undefined {
  const text = spec.text('clusterIP') ?? ''
  if (text === '' || text === 'None') return undefined
  const address = isIpv4(text) ? text : normaliseIpv6(text)
  if (address === undefined) spec.fail('clusterIP', 'must be an IP address or None')
  return address
}
