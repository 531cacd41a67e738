// What the world of every outcome speaks of: outcomes, how each is asked for, and the parts that make them possible.

import { ERROR_FACTS, type Reason } from '../../../src/errors/catalogue.ts'
import { REJECTIONS, type RejectionReason } from '../../../src/errors/rejections.ts'
import type { RawResponse } from '../http-client.ts'
import type { Manifest } from '../manifests.ts'

/** What is neither an error of the gateway nor a refusal of HTTP, and is seen on a dashboard all the same. */
export const OTHER_OUTCOMES = ['ok', 'client_closed', 'upstream_answers_503'] as const
export type OtherOutcome = (typeof OTHER_OUTCOMES)[number]
export type Outcome = Reason | RejectionReason | OtherOutcome

/** In the order of the catalogue. */
export const REASONS: readonly Reason[] = ERROR_FACTS.map(({ reason }) => reason)
export const REJECTION_REASONS: readonly RejectionReason[] = REJECTIONS.map(({ reason }) => reason)

/** The gateways of the world: what cannot be had under the same options is had from another one. */
export type GatewayName =
  | 'main'
  | 'narrow'
  | 'refused'
  | 'unsynced'
  | 'restored'
  | 'leaving'
  | 'cluster'
  | 'limited'

/** What stands behind a gateway: folders, files and addresses by what they are. */
export interface Places {
  /** Its folder of manifests. */
  readonly folder?: string
  readonly journal?: string
  readonly plugins?: string
  /** Host and port of its HTTPS listener. */
  readonly listener?: string
  /** Its shared store of limits, which cannot be reached. */
  readonly redis?: string
  /** The key set of the issuer of tokens. */
  readonly jwksURI?: string
}

/** One of them, with its ports on 127.0.0.1. */
export interface OutcomeGateway {
  readonly name: GatewayName
  readonly places: Places
  readonly port: number
  readonly profilingPort: number
  readonly prometheusPort: number
}

/** How an outcome is asked for. */
export interface Ask {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Sends it on the port of the gateway; a plain request on a connection of its own where absent. */
  readonly send?: (port: number, ask: Ask) => Promise<RawResponse | undefined>
}

export type Asks = Partial<Readonly<Record<Outcome, Ask>>>

/** Something that makes some of the outcomes possible on a gateway that is given its manifests and flags. */
export interface Part {
  readonly manifests: readonly Manifest[]
  readonly asks: Asks
  readonly flags?: Readonly<Record<string, string>>
  readonly places?: Places
  stop(): Promise<void>
}

/** A plain GET of a path. */
export function get(target: string, headers: Readonly<Record<string, string>> = {}, send?: Ask['send']): Ask {
  return { method: 'GET', target, headers: Object.entries(headers), ...(send !== undefined && { send }) }
}

/** The name of the ApiProxy, and with a slash before it the path, at which an outcome is to be had. */
export function nameOf(outcome: Outcome): string {
  return outcome.replaceAll('_', '-')
}
