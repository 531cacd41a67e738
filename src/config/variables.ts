// Options from the environment: `KANALI_` and the name in upper case, dots as underscores.
// What Kubernetes puts into every pod for a Service whose name begins with `kanali` is not meant for us and is passed over.

import { type Given, refusedName, type Refusal } from './given.ts'
import { variableOf } from './option.ts'
import { type AnyOption, ROWS } from './options.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Variables {
  readonly given: readonly Given[]
  /** Of KANALI_CONFIG; empty where it was not given. */
  readonly configFile: string
}

const PREFIX = 'KANALI_'
const CONFIG = 'KANALI_CONFIG'
// Where this project's tests look for real programs; a gateway that they start inherits them.
const OF_TESTS = new Set(['KANALI_TOOLS', 'KANALI_REQUIRE_TOOLS'])
const ROW_BY_VARIABLE = new Map<string, AnyOption>(ROWS.map((row) => [variableOf(row.name), row]))
const NAMES = [...ROW_BY_VARIABLE.keys(), CONFIG]

// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
const SERVICE_LINK =
  /_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/
const SERVICE_LINK_ADDRESS = /^(?:tcp|udp|sctp):\/\//

/** Reads every variable that begins with `KANALI_`. */
export function readVariables(env: Environment): Variables | Refusal {
  const given: Given[] = []
  for (const [name, raw] of Object.entries(env)) {
    if (raw === undefined || !name.startsWith(PREFIX) || name === CONFIG) continue
    const row = ROW_BY_VARIABLE.get(name)
    if (row !== undefined)
      given.push({ row, raw, provenance: { source: 'variable', where: `variable ${name}` } })
    else if (!OF_TESTS.has(name) && !isServiceLink(name, raw))
      return refusedName(name, 'the environment', NAMES)
  }
  return { given, configFile: env[CONFIG] ?? '' }
}

function isServiceLink(name: string, raw: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_LINK_ADDRESS.test(raw))
}
