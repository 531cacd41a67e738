// Reads an ApiProxy's backend: an endpoint, a Service by name or by labels, or a MockTarget; exactly one of them.
// User information in an endpoint is refused, and must never be shown.

import type { Fields } from './fields.ts'
import { normaliseHost } from './host.ts'
import type { Backend, LabelRequirement } from './resource.ts'
import { DNS_LABEL, DNS_SUBDOMAIN, HTTP_TOKEN, LABEL_NAME, LABEL_VALUE } from './text-rules.ts'

/** Ports are 0 to this, as in the original's schema. */
export const PORT_MAX = 65_535

const KINDS = ['endpoint', 'service', 'mock'] as const
const SHAPE = 'must be <scheme>://<host>[:port] without path, query and fragment'
const DEFAULT_PORTS = { http: 80, https: 443 } as const

/** Undefined, with a problem, where there is none, more than one, or a broken one. */
export function readBackend(target: Fields): Backend | undefined {
  const backend = target.requiredObject('backend')
  if (backend === undefined) return undefined
  const given = KINDS.filter((kind) => backend.has(kind))
  if (given.length !== 1) {
    target.fail('backend', `must have exactly one of ${KINDS.join(', ')}`, given.join(', '))
    return undefined
  }
  if (given[0] === 'endpoint') return readEndpoint(backend)
  if (given[0] === 'service') return readService(backend)
  const mockTargetName = backend.object('mock')?.requiredText('mockTargetName', DNS_SUBDOMAIN)
  return mockTargetName === undefined ? undefined : { type: 'mock', mockTargetName }
}

function readEndpoint(backend: Fields): Backend | undefined {
  const text = backend.text('endpoint')
  if (text === undefined) return undefined
  const parsed = parseEndpoint(text)
  if (typeof parsed !== 'string') return parsed
  backend.fail('endpoint', parsed, withoutUserInformation(text))
  return undefined
}

/** The endpoint, or the rule that it breaks. */
function parseEndpoint(text: string): Backend | string {
  if (text.includes('@')) return 'must not hold user information'
  const schemeEnd = text.indexOf('://')
  if (schemeEnd === -1) return SHAPE
  const scheme = text.slice(0, schemeEnd).toLowerCase()
  const authority = text.slice(schemeEnd + 3)
  if (scheme !== 'http' && scheme !== 'https') return 'must have the scheme http or https'
  const colon = authority.endsWith(']') ? -1 : authority.lastIndexOf(':')
  const hostText = colon === -1 ? authority : authority.slice(0, colon)
  const portText = colon === -1 ? String(DEFAULT_PORTS[scheme]) : authority.slice(colon + 1)
  if (!/^[0-9]{1,5}$/.test(portText) || Number(portText) > PORT_MAX) return SHAPE
  // An IPv6 address without brackets would leave its last group to be read as a port.
  const host = hostText.includes(':') && !hostText.startsWith('[') ? undefined : normaliseHost(hostText)
  return host === undefined ? SHAPE : { type: 'endpoint', scheme, host, port: Number(portText) }
}

function withoutUserInformation(text: string): string {
  const at = text.lastIndexOf('@')
  if (at === -1) return text
  const schemeEnd = text.indexOf('://')
  const start = schemeEnd === -1 || schemeEnd > at ? 0 : schemeEnd + 3
  return `${text.slice(0, start)}***${text.slice(at)}`
}

function readService(backend: Fields): Backend | undefined {
  const service = backend.object('service')
  if (service === undefined) return undefined
  const port = service.requiredInteger('port', 0, PORT_MAX)
  if (service.has('name') === service.has('labels')) {
    backend.fail(
      'service',
      'must have exactly one of name, labels',
      service.has('name') ? 'name, labels' : '',
    )
    return undefined
  }
  const name = service.text('name', DNS_LABEL)
  if (name !== undefined) return port === undefined ? undefined : { type: 'service', name, port }
  const given = service.raw('labels')
  if (Array.isArray(given) && given.length === 0) service.fail('labels', 'must not be empty')
  const labels = (service.objects('labels') ?? []).map(readLabel).filter((label) => label !== undefined)
  return port === undefined || labels.length === 0 ? undefined : { type: 'labels', labels, port }
}

function readLabel(item: Fields): LabelRequirement | undefined {
  const name = item.requiredText('name', LABEL_NAME)
  if (item.has('value') === item.has('header')) {
    item.problems.add(
      item.field,
      item.has('value') ? 'value, header' : '',
      'must have exactly one of value, header',
    )
    return undefined
  }
  const value = item.text('value', LABEL_VALUE)
  // Field names ignore case: RFC 9110, section 5.1.
  const header = item.text('header', HTTP_TOKEN)?.toLowerCase()
  if (name === undefined) return undefined
  if (value !== undefined) return { name, value }
  return header === undefined ? undefined : { name, header }
}
