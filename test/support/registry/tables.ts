// The tables of the source that otel/registry.yaml takes closed sets from: what they hold is never written twice.

import { ERROR_FACTS } from '../../../src/errors/catalogue.ts'
import { GUARDS } from '../../../src/errors/guard-of.ts'
import { REJECTIONS } from '../../../src/errors/rejections.ts'
import { FALLBACKS, STORE_FAILURES } from '../../../src/errors/store-failures.ts'
import type { ResourceEvent } from '../../../src/events/event.ts'
import { KINDS } from '../../../src/resources/resource.ts'
import { camelCase } from '../../../src/snapshot/conditions.ts'
import { METHODS } from '../../../src/telemetry/method.ts'
import { SIGNALS } from '../../../src/telemetry/names.ts'

const FIRST_CODE_OF_GUARDS = 12

const REASONS = ERROR_FACTS.map(({ reason }) => reason)

/** Reasons of conditions that are no reason of the catalogue: of objects, and of files. */
export const OBJECT_REASONS = [
  'Invalid',
  'Conflict',
  'CrossNamespace',
  'ExpressionInvalid',
  'RevisionUndecryptable',
]
export const FILE_REASONS = [
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
]

/** Complete by its type: an event of a new type does not compile without its row here. */
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
  condition_reasons: [
    ...new Set([...REASONS.map(camelCase), ...OBJECT_REASONS, ...FILE_REASONS, 'JournalFailing']),
  ],
  event_types: Object.keys(EVENT_TYPES),
  signals: SIGNALS,
}
