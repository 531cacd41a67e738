// Runs of span fields that are the same for every exchange of one route, snapshot, endpoint, status or failure, encoded
// once. What lives as long as an object of the gateway is kept with it; what a client could choose has a bounded place.

import type { SpanKind as Kind } from '@opentelemetry/api'
import type { ErrorFact } from '../errors/catalogue.ts'
import type { Route, Snapshot } from '../snapshot/snapshot.ts'
import type { Attempt, ExchangeRecord, Outcome } from './exchange-record.ts'
import { METHODS } from './method.ts'
import { ATTRIBUTE, OTHER } from './names.ts'
import { SpanKind } from './opentelemetry.ts'
import { attribute, encoded, joined } from './otlp-attributes.ts'

/** Endpoints whose part is kept; with more, all are encoded anew. */
export const ENDPOINTS_MAX = 4096
/** Versions of HTTP that are kept; a client writes them. */
export const VERSIONS_MAX = 16
const NAME = 0x2a
const KIND = 0x30
const STATUSES = 1000

const SCHEMES = {
  http: attribute(ATTRIBUTE.urlScheme, 'http'),
  https: attribute(ATTRIBUTE.urlScheme, 'https'),
}
const UNROUTED = METHODS.map((method) => namedPart(nameOf(method), SpanKind.SERVER, method))
const CLIENTS = METHODS.map((method) =>
  joined([namedPart(nameOf(method), SpanKind.CLIENT, method), attribute(ATTRIBUTE.protocolVersion, '1.1')]),
)
const OUTCOMES: Readonly<Record<Outcome, Buffer>> = {
  ok: attribute(ATTRIBUTE.outcome, 'ok'),
  error: attribute(ATTRIBUTE.outcome, 'error'),
  rejected: attribute(ATTRIBUTE.outcome, 'rejected'),
  client_closed: attribute(ATTRIBUTE.outcome, 'client_closed'),
}
/** Attributes that are there or not, and are always true. */
export const TRUE = {
  trailersDropped: attribute(ATTRIBUTE.trailersDropped, true),
  truncated: attribute(ATTRIBUTE.responseTruncated, true),
}

export class SpanParts {
  readonly #routes = new WeakMap<Route, (Buffer | undefined)[]>()
  readonly #snapshots = new WeakMap<Snapshot, Buffer>()
  readonly #facts = new WeakMap<ErrorFact, Buffer>()
  readonly #clientFacts = new WeakMap<ErrorFact, Buffer>()
  readonly #statuses: (Buffer | undefined)[] = []
  readonly #errorStatuses: (Buffer | undefined)[] = []
  readonly #versions = new Map<string, Buffer>()
  readonly #endpoints = new Map<string, Map<number, Buffer>>()
  #endpointCount = 0

  /** Name, kind, method, and what there is of a route. @param method position in METHODS */
  server(route: Route | undefined, method: number): Buffer {
    if (route === undefined) return UNROUTED[method] ?? UNROUTED[UNROUTED.length - 1] ?? Buffer.alloc(0)
    let parts = this.#routes.get(route)
    if (parts === undefined) {
      parts = []
      this.#routes.set(route, parts)
    }
    return (parts[method] ??= routePart(route, METHODS[method] ?? OTHER))
  }

  /** Name, kind, method and protocol of a client span. */
  client(method: number): Buffer {
    return CLIENTS[method] ?? CLIENTS[CLIENTS.length - 1] ?? Buffer.alloc(0)
  }

  snapshot(snapshot: Snapshot): Buffer {
    let part = this.#snapshots.get(snapshot)
    if (part === undefined) {
      const parts = [
        attribute(ATTRIBUTE.snapshotRevision, snapshot.revision),
        attribute(ATTRIBUTE.snapshotHash, snapshot.hash),
      ]
      if (snapshot.staleSince !== undefined) parts.push(attribute(ATTRIBUTE.snapshotStale, true))
      part = joined(parts)
      this.#snapshots.set(snapshot, part)
    }
    return part
  }

  scheme(scheme: ExchangeRecord['scheme']): Buffer {
    return SCHEMES[scheme]
  }

  version(version: string): Buffer {
    let part = this.#versions.get(version)
    if (part === undefined) {
      part = attribute(ATTRIBUTE.protocolVersion, version)
      if (this.#versions.size < VERSIONS_MAX) this.#versions.set(version, part)
    }
    return part
  }

  outcome(outcome: Outcome): Buffer {
    return OUTCOMES[outcome]
  }

  /** The status code, and as the type of an error where it is one. */
  status(status: number, isError: boolean): Buffer {
    const kept = isError ? this.#errorStatuses : this.#statuses
    const part = kept[status]
    if (part !== undefined) return part
    const parts = [attribute(ATTRIBUTE.status, status)]
    if (isError) parts.push(attribute(ATTRIBUTE.errorType, String(status)))
    const made = joined(parts)
    if (Number.isInteger(status) && status > 0 && status < STATUSES) kept[status] = made
    return made
  }

  /** Type, code, reason and blame of a failure. */
  fact(fact: ErrorFact): Buffer {
    let part = this.#facts.get(fact)
    if (part === undefined) {
      part = joined([this.clientFact(fact), attribute(ATTRIBUTE.errorBlame, fact.blame)])
      this.#facts.set(fact, part)
    }
    return part
  }

  /** The same without blame, which a client span does not have. */
  clientFact(fact: ErrorFact): Buffer {
    let part = this.#clientFacts.get(fact)
    if (part === undefined) {
      part = joined([
        attribute(ATTRIBUTE.errorType, fact.reason),
        attribute(ATTRIBUTE.errorCode, fact.codeText),
        attribute(ATTRIBUTE.errorReason, fact.reason),
      ])
      this.#clientFacts.set(fact, part)
    }
    return part
  }

  /** Address and port of the endpoint of an attempt. */
  endpoint({ host, port }: Pick<Attempt, 'host' | 'port'>): Buffer {
    const known = this.#endpoints.get(host)?.get(port)
    if (known !== undefined) return known
    const part = joined([attribute(ATTRIBUTE.serverAddress, host), attribute(ATTRIBUTE.serverPort, port)])
    if (this.#endpointCount >= ENDPOINTS_MAX) {
      this.#endpoints.clear()
      this.#endpointCount = 0
    }
    const ports = this.#endpoints.get(host) ?? new Map<number, Buffer>()
    ports.set(port, part)
    this.#endpoints.set(host, ports)
    this.#endpointCount++
    return part
  }
}

function nameOf(method: string): string {
  return method === OTHER ? 'HTTP' : method
}

function namedPart(name: string, kind: Kind, method: string): Buffer {
  const head = encoded((to) => {
    to.textField(NAME, name)
    to.byte(KIND)
    // OTLP counts kinds from 1: 0 is none.
    to.byte(kind + 1)
  })
  return joined([head, attribute(ATTRIBUTE.method, method)])
}

function routePart(route: Route, method: string): Buffer {
  return joined([
    namedPart(`${nameOf(method)} ${route.path}`, SpanKind.SERVER, method),
    attribute(ATTRIBUTE.route, route.path),
    attribute(ATTRIBUTE.apiproxyName, route.apiproxy),
    attribute(ATTRIBUTE.apiproxyNamespace, route.namespace),
  ])
}
