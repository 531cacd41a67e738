// The tables of the source that otel/registry.yaml takes closed sets from: what they hold is never written twice.

import { ERROR_FACTS } from '../../../src/errors/catalogue.ts'
import { GUARDS } from '../../../src/errors/guard-of.ts'
import { REJECTIONS } from '../../../src/errors/rejections.ts'
import { FALLBACKS, STORE_FAILURES } from '../../../src/errors/store-failures.ts'
import type { ResourceEvent } from '../../../src/events/event.ts'
import { KINDS } from '../../../src/resources/resource.ts'
import { camelCase } from '../../../src/snapshot/conditions.ts'
import type { Condition } from '../../../src/snapshot/snapshot.ts'
import { METHODS } from '../../../src/telemetry/method.ts'
import { SIGNALS } from '../../../src/telemetry/names.ts'

const FIRST_CODE_OF_GUARDS = 12

const REASONS = ERROR_FACTS.map(({ reason }) => reason)

/** Reasons of conditions that are no reason of the catalogue: of objects, and of what sources have problems with. */
export const OBJECT_REASONS = [
  'Invalid',
  'Conflict',
  'CrossNamespace',
  'ExpressionInvalid',
  'RevisionUndecryptable',
]
export const PROBLEM_REASONS = [
  'Unreadable',
  'TooLarge',
  'Unparsable',
  'Invalid',
  'DuplicateObject',
  'OutsideDirectory',
  'TooDeep',
  'TooManyFolders',
  'TooManyEntries',
  'TooManyFiles',
  'TooManyProblems',
  'JournalFailing',
]

/** Complete by their types: an event of a new type does not compile without its row here, nor a new kind of condition. */
const EVENT_TYPES: Readonly<Record<ResourceEvent['type'], true>> = {
  upserted: true,
  deleted: true,
  listed: true,
  refused: true,
  overdue: true,
  stale: true,
  problems: true,
  plugins: true,
  decryption_key: true,
  decrypted: true,
  key_set: true,
  restored: true,
}

const CONDITION_KINDS: Readonly<Record<Condition['kind'], true>> = {
  ApiProxy: true,
  MockTarget: true,
  ApiKey: true,
  ApiKeyBinding: true,
  Service: true,
  Secret: true,
  EndpointSlice: true,
  File: true,
  Journal: true,
  Plugin: true,
}

export const TABLES: Readonly<Record<string, readonly string[]>> = {
  methods: METHODS,
  codes: [...new Set(ERROR_FACTS.map(({ codeText }) => codeText))],
  reasons: REASONS,
  rejections: REJECTIONS.map(({ reason }) => reason),
  reasons_and_rejections: [...REASONS, ...REJECTIONS.map(({ reason }) => reason)],
  guards: GUARDS,
  guard_reasons: ERROR_FACTS.filter(({ code }) => code >= FIRST_CODE_OF_GUARDS).map(({ reason }) => reason),
  store_failures: STORE_FAILURES,
  fallbacks: FALLBACKS,
  kinds: KINDS,
  condition_reasons: [...new Set([...REASONS.map(camelCase), ...OBJECT_REASONS, ...PROBLEM_REASONS])],
  condition_kinds: Object.keys(CONDITION_KINDS),
  event_types: Object.keys(EVENT_TYPES),
  signals: SIGNALS,
}
