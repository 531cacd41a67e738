// What a worker that knows nothing has to be told: the state of the last publication, whole, and all that has happened
// since. Made as it is asked for, since a state can have 100,000 objects; what it is made of never changes meanwhile.

import { checkpointLines } from '../events/journal/checkpoint.ts'
import type { ResourceEvent } from '../events/event.ts'
import type { State } from '../events/state.ts'
import type { GuardKnowledge } from '../plugins/guard-set.ts'
import type { Resource } from '../resources/resource.ts'
import type { SecretMaterial, Vault } from '../resources/vault.ts'
import type { FeedItem } from './messages.ts'

/** A snapshot that is live, and what it was built from. */
export interface Published {
  readonly state: State
  readonly mark: Extract<FeedItem, { type: 'publish' }>
}

type Secret = Extract<FeedItem, { type: 'secret' }>

/**
 * The steps, in pieces that are small enough to be sent one at a time.
 * @param since what was told to others after that publication
 */
export function catchUp(
  { state, mark }: Published,
  since: readonly FeedItem[],
  { vault, knowledge }: { readonly vault: Pick<Vault, 'get'>; readonly knowledge: GuardKnowledge },
): Iterable<readonly FeedItem[]> {
  // At once: the vault forgets what the newest state does not name.
  const secrets = Array.from(state.kinds.Secret.objects.values(), ({ resource }) => resource)
    .map((resource) => secretOf(resource, vault))
    .filter((item) => item !== undefined)
  const known: FeedItem[] = [
    ...secrets,
    { type: 'digest_keys', keys: knowledge.digestKeys() },
    ...knowledge.keySetWords().map((word): FeedItem => ({ type: 'key_set', url: word.url, word })),
  ]
  return pieces(known, state, [mark, ...since])
}

/** An event as a worker takes it, behind the secrets that it names. */
export function itemsOf(event: ResourceEvent, vault: Pick<Vault, 'get'>): FeedItem[] {
  const resources =
    event.type === 'upserted' ? [event.resource] : event.type === 'listed' ? event.resources : []
  const secrets = resources.map((resource) => secretOf(resource, vault)).filter((item) => item !== undefined)
  return [...secrets, { type: 'event', event }]
}

function* pieces(
  known: readonly FeedItem[],
  state: State,
  last: readonly FeedItem[],
): Generator<readonly FeedItem[]> {
  yield known
  for (const line of checkpointLines(state)) yield [line]
  yield last
}

function secretOf(resource: Resource, vault: Pick<Vault, 'get'>): Secret | undefined {
  const handle = handleOf(resource)
  const material: SecretMaterial | undefined = handle === undefined ? undefined : vault.get(handle)
  return handle === undefined || material === undefined ? undefined : { type: 'secret', handle, material }
}

function handleOf(resource: Resource): string | undefined {
  return 'tls' in resource ? resource.tls.handle : undefined
}
