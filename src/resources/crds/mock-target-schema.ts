// The schema of a MockTarget's spec. Two routes for one path and method, and header fields whose names differ in case
// only, are left to the build: rules that compare each with each are too costly for the API server.

import { anyPath, HTTP_TOKEN_PATTERN, httpToken } from './common-schemas.ts'
import type { ObjectSchema } from './schema.ts'

const REFUSED_FIELDS =
  "['connection', 'content-length', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']"

/** No control characters but tab, nothing beyond Latin-1; those of C1 too, which YAML cannot carry as they are. */
const FIELD_VALUE = '^[\\t -~\u00a0-\u00ff]*$'

export const MOCK_TARGET_SPEC = {
  type: 'object',
  required: ['routes'],
  properties: {
    routes: {
      type: 'array',
      description: 'Answers by target path (the longest wins) and method.',
      maxItems: 128,
      items: {
        type: 'object',
        required: ['path', 'status'],
        properties: {
          path: anyPath('Prefix of the target path, by whole segments.'),
          status: { type: 'integer', minimum: 200, maximum: 599 },
          methods: {
            type: 'array',
            description: 'Absent or empty: any.',
            maxItems: 32,
            items: httpToken('A method, in any case.'),
          },
          headers: {
            type: 'object',
            description: 'Header fields of the answer.',
            additionalProperties: { type: 'string', pattern: FIELD_VALUE, maxLength: 8192 },
            maxProperties: 64,
            'x-kubernetes-validations': [
              {
                rule: `self.all(name, name.matches("${HTTP_TOKEN_PATTERN}"))`,
                message: 'must have HTTP field names',
              },
              {
                rule: `self.all(name, !(name.lowerAscii() in ${REFUSED_FIELDS}))`,
                message: 'must have no field that the gateway sets',
              },
            ],
          },
          body: { type: 'string', description: 'Text of the answer.', maxLength: 1_048_576 },
        },
        'x-kubernetes-validations': [
          {
            rule: "!(self.status in [204, 205, 304]) || !has(self.body) || self.body == ''",
            message: 'must have no body with the status 204, 205 or 304',
          },
        ],
      },
    },
  },
} as const satisfies ObjectSchema
