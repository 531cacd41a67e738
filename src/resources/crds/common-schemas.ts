// Schemas that several kinds share. The patterns say what text-rules.ts, host.ts and path-field.ts say, as far as a
// regular expression can; what it cannot tell is refused by the build, with a condition.

import type { ListSchema, ObjectSchema, TextSchema } from './schema.ts'

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
/** RFC 9110, section 5.6.2. */
export const HTTP_TOKEN_PATTERN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
/** ASCII without spaces, control characters, "?" and "#". */
const PATH_CHARACTER = '[!"$->@-~]'

/** RE2: a segment `.` or `..`, raw or percent-encoded; see segmentsEscape in path.ts. */
const DOT_SEGMENT = '(^|[/\\\\\\\\]|%2[fF]|%5[cC])([.]|%2[eE]){1,2}([/\\\\\\\\]|%2[fF]|%5[cC]|$)'

const NO_DOT_SEGMENT = {
  rule: `!self.matches('${DOT_SEGMENT}')`,
  message: 'must have no "." or ".." segment, raw or percent-encoded',
} as const

export const dnsSubdomain = (description: string) =>
  ({
    type: 'string',
    description,
    pattern: `^${LABEL}([.]${LABEL})*$`,
    maxLength: 253,
  }) as const satisfies TextSchema

export const dnsLabel = (description: string) =>
  ({ type: 'string', description, pattern: `^${LABEL}$`, maxLength: 63 }) as const satisfies TextSchema

export const httpToken = (description: string) =>
  ({ type: 'string', description, pattern: HTTP_TOKEN_PATTERN, maxLength: 256 }) as const satisfies TextSchema

/** A path that begins with a slash. */
export const absolutePath = (description: string) =>
  ({
    type: 'string',
    description,
    pattern: `^/${PATH_CHARACTER}*$`,
    maxLength: 2048,
    'x-kubernetes-validations': [NO_DOT_SEGMENT],
  }) as const satisfies TextSchema

/** A path to which a missing leading slash is added. */
export const anyPath = (description: string) =>
  ({
    type: 'string',
    description,
    pattern: `^${PATH_CHARACTER}*$`,
    maxLength: 2048,
    'x-kubernetes-validations': [NO_DOT_SEGMENT],
  }) as const satisfies TextSchema

/** meta/v1 Condition. */
const CONDITION = {
  type: 'object',
  required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
  properties: {
    type: { type: 'string', description: 'Accepted, ResolvedRefs or Ready.', maxLength: 316 },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    lastTransitionTime: { type: 'string', format: 'date-time' },
    reason: { type: 'string', description: 'One word, for programs.', minLength: 1, maxLength: 1024 },
    message: {
      type: 'string',
      description: 'For people: what is wrong, where, and the code that requests get because of it.',
      maxLength: 32_768,
    },
  },
} as const satisfies ObjectSchema

const CONDITIONS = {
  type: 'array',
  description: 'What the gateway makes of this object.',
  items: CONDITION,
  maxItems: 8,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
} as const satisfies ListSchema

export const STATUS = {
  type: 'object',
  description: 'Written by the gateway.',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    conditions: CONDITIONS,
  },
} as const satisfies ObjectSchema

export const API_PROXY_STATUS = {
  type: 'object',
  description: 'Written by the gateway.',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    code: {
      type: 'string',
      description: 'The error code that requests get now, two digits; absent where they are served.',
      maxLength: 2,
    },
    conditions: CONDITIONS,
  },
} as const satisfies ObjectSchema
