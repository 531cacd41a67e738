// Which upstream transport the gateways of the tests get: the default, or the one that TEST_UPSTREAM_TRANSPORT names, so
// that every test of upstreams can be run against each.

import { DEFAULT_OPTIONS, type Options } from '../../src/config/options.ts'

type TransportName = Options['proxy.upstream_transport']

/** The transport behind the gateways of this run; throws where the variable names none. */
export const TESTED_TRANSPORT: TransportName = named(process.env['TEST_UPSTREAM_TRANSPORT'])

/** The flag that chooses it. */
export const TRANSPORT_FLAGS = { 'proxy.upstream_transport': TESTED_TRANSPORT } as const

function named(name: string | undefined): TransportName {
  if (name === undefined || name === '') return DEFAULT_OPTIONS['proxy.upstream_transport']
  if (name === 'socket' || name === 'undici') return name
  throw new Error(`TEST_UPSTREAM_TRANSPORT is ${name}, and no transport`)
}
