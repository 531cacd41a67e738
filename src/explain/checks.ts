// What to check next, as commands with the real names in them: those of the catalogue for this reason, and those that
// show the objects concerned. Nothing here is run; every name is quoted for a shell.

import { ERROR_FACTS } from '../errors/catalogue.ts'
import { commandsIn } from './command-template.ts'
import type { ExchangeFacts } from './exchange-report.ts'
import { shellWord } from './shell-words.ts'

const CHECKS_MAX = 8

/** How `kubectl` names the kinds. */
const KUBECTL_NAMES: Readonly<Record<string, string>> = {
  ApiProxy: 'apiproxy',
  MockTarget: 'mocktarget',
  ApiKey: 'apikey',
  ApiKeyBinding: 'apikeybinding',
  Service: 'service',
  EndpointSlice: 'endpointslice',
  Secret: 'secret',
}

/** None for a good exchange. */
export function checksOf(facts: ExchangeFacts): readonly string[] {
  if (facts.outcome !== 'error' && (facts.status ?? 0) < 500) return []
  const catalogue = ERROR_FACTS.find(({ reason }) => reason === facts.reason)
  const fromCatalogue = commandsIn(catalogue?.check ?? '', (placeholder, command) =>
    valueOf(placeholder, command, facts),
  )
  const all = [...objectAtFault(facts), ...fromCatalogue, ...directly(facts), ...apiProxyOf(facts)]
  const distinct = [...new Set(all)]
  // One that only shows less than another is no check of its own.
  return distinct.filter((one) => !all.some((other) => other.startsWith(`${one} `))).slice(0, CHECKS_MAX)
}

function objectAtFault({ at }: ExchangeFacts): string[] {
  const name = at === null ? undefined : KUBECTL_NAMES[at.kind]
  if (at === null || name === undefined) return []
  // A Secret is described, not got: its values belong on nobody's screen.
  const [verb, form] = at.kind === 'Secret' ? ['describe', ''] : ['get', ' -o yaml']
  const namespace = at.namespace === '' ? '' : ` -n ${shellWord(at.namespace)}`
  return [`kubectl ${verb} ${name} ${shellWord(at.name)}${namespace}${form}`]
}

/** The upstream without the gateway. */
function directly({ attempts, code, status }: ExchangeFacts): string[] {
  const last = attempts.at(-1)
  if (last === undefined || (code !== '08' && (status ?? 0) < 500)) return []
  return [`curl -v ${shellWord(`${last.endpoint}${last.path}`)}`]
}

function apiProxyOf({ apiproxy, code }: ExchangeFacts): string[] {
  if (apiproxy === null) {
    return code === '00' ? ['kubectl get apiproxies -A', 'curl -s http://127.0.0.1:9090/debug/snapshot'] : []
  }
  const { namespace, name } = apiproxy
  const query = new URLSearchParams({ namespace, name }).toString()
  return [
    `kubectl describe apiproxy ${shellWord(name)} -n ${shellWord(namespace)}`,
    `curl -s ${shellWord(`http://127.0.0.1:9090/debug/snapshot?${query}`)}`,
  ]
}

function valueOf(placeholder: string, command: string, facts: ExchangeFacts): string | undefined {
  const { attempts, apiproxy, request, at, candidates } = facts
  const endpoint = attempts.at(-1)?.endpoint
  const upstream = endpoint === undefined ? null : URL.parse(endpoint)
  switch (placeholder) {
    case 'host':
      return upstream?.hostname
    case 'address':
      return upstream?.hostname.replace(/^\[|\]$/g, '')
    case 'port':
      if (upstream === null) return request.port === 0 ? undefined : String(request.port)
      return upstream.port === '' ? defaultPort(upstream.protocol) : upstream.port
    case 'gateway':
      return apiproxy === null && request.host !== '' ? request.host : '127.0.0.1'
    case 'path':
      return attempts.at(-1)?.path ?? request.path
    case 'virtual host':
      return candidates.find(({ verdict }) => verdict === 'host differs')?.virtual_host ?? undefined
    case 'namespace':
    case 'namespace of the ApiProxy':
      return apiproxy?.namespace ?? at?.namespace
    case 'service':
      return nameOf('Service', facts)
    case 'name':
      return nameOf(kindIn(command), facts)
    default:
      return undefined
  }
}

function defaultPort(protocol: string): string {
  return protocol === 'https:' ? '443' : '80'
}

/** The kind that a `kubectl` command speaks of. */
function kindIn(command: string): string | undefined {
  const [kind] =
    Object.entries(KUBECTL_NAMES).find(([, name]) => new RegExp(`\\b${name}s?\\b`).test(command)) ?? []
  return kind
}

/** Of the object at fault, of the one that is missing, or of the one that the route was made of. */
function nameOf(kind: string | undefined, { at, missing, objects }: ExchangeFacts): string | undefined {
  if (kind === undefined) return undefined
  if (at?.kind === kind) return at.name
  return [...missing, ...objects].find((object) => object.kind === kind)?.name
}
