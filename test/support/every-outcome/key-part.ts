// Codes 12 to 14 of the `apikey` guard: keys that are not sent, not known, not granted, or used up. The keys are real:
// the gateway decrypts them with the private key of the part.

import { type KeyPair, keyPair } from '../api-keys.ts'
import { httpRequest, type RawResponse } from '../http-client.ts'
import { apiKeyBinding, apiProxy, type Manifest } from '../manifests.ts'
import { type Ask, type Asks, get, type Part } from './outcome.ts'

const ALL = { defaultRule: { global: true } }
/** The key of the ApiKey `partner`, which most bindings grant everything. */
export const PARTNER_KEY = 'partnerKeyThatNobodyMaySee'
const OLD = 'oldKeyThatNobodyMaySee'
const RULED = {
  subpaths: [
    { path: '/ruled/read', rule: { granular: { verbs: ['GET', 'HEAD'] } } },
    { path: '/ruled/none', rule: {} },
    { path: '/ruled/(', rule: { global: true } },
  ],
}

export async function keyPart(): Promise<Part> {
  const keys = await keyPair()
  return {
    manifests: manifestsOf(keys),
    asks: ASKS,
    flags: { 'plugins.apiKey.decryption_key_file': keys.file },
    stop: async () => {
      await keys[Symbol.asyncDispose]()
    },
  }
}

function manifestsOf(keys: KeyPair): Manifest[] {
  return [
    guarded('guarded', { bindingName: 'partners' }),
    guarded('binding-unnamed', {}),
    guarded('binding-missing', { bindingName: 'nobody-made-it' }),
    guarded('binding-invalid', { bindingName: 'broken' }),
    guarded('ruled', { bindingName: 'ruled' }),
    keys.apiKey('partner', PARTNER_KEY).revision(keys.encrypted(OLD), 'Inactive').build(),
    keys.apiKey('stranger', 'strangerKeyThatNobodyMaySee').build(),
    keys.apiKey('rated', 'ratedKeyThatNobodyMaySee').build(),
    keys.apiKey('counted', 'countedKeyThatNobodyMaySee').build(),
    apiKeyBinding('partners')
      .key('partner', ALL)
      .key('rated', { ...ALL, rate: { amount: 1, unit: 'hour' } })
      .key('counted', { ...ALL, quota: 1 })
      .build(),
    apiKeyBinding('broken').key('partner', ALL).key('partner', ALL).build(),
    apiKeyBinding('ruled').key('partner', RULED).build(),
  ]
}

/** An ApiProxy whose requests need a key. */
export function guarded(name: string, config: Readonly<Record<string, string>>): Manifest {
  return apiProxy(name).at(`/${name}`).mock('canned').plugin('apikey', config).build()
}

const withKey = (target: string, apikey: string, send?: Ask['send']): Ask => get(target, { apikey }, send)

const ASKS: Asks = {
  key_missing: get('/guarded'),
  key_empty: withKey('/guarded', ''),
  key_repeated: {
    method: 'GET',
    target: '/guarded',
    headers: [
      ['apikey', PARTNER_KEY],
      ['apikey', PARTNER_KEY],
    ],
  },
  key_unknown: withKey('/guarded', 'unknownKeyThatNobodyMaySee'),
  key_revision_inactive: withKey('/guarded', OLD),
  binding_unnamed: withKey('/binding-unnamed', PARTNER_KEY),
  binding_missing: withKey('/binding-missing', PARTNER_KEY),
  binding_invalid: withKey('/binding-invalid', PARTNER_KEY),
  key_not_bound: withKey('/guarded', 'strangerKeyThatNobodyMaySee'),
  method_denied: { ...withKey('/ruled/ruled/read', PARTNER_KEY), method: 'POST' },
  path_denied: withKey('/ruled/ruled/none', PARTNER_KEY),
  rule_expression_invalid: withKey('/ruled/other', PARTNER_KEY),
  rate_exceeded: withKey('/guarded', 'ratedKeyThatNobodyMaySee', untilUsedUp),
  quota_exceeded: withKey('/guarded', 'countedKeyThatNobodyMaySee', untilUsedUp),
}

/** The first request of all is still granted. */
async function untilUsedUp(port: number, { method, target, headers }: Ask): Promise<RawResponse> {
  const first = await httpRequest(port, method, target, { headers })
  return first.status === 429 ? first : await httpRequest(port, method, target, { headers })
}
