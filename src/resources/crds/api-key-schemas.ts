// The schemas of ApiKey and ApiKeyBinding. Regular expressions of subpaths are measured here and compiled by the guard.

import { dnsSubdomain, httpToken } from './common-schemas.ts'
import type { ObjectSchema } from './schema.ts'

export const API_KEY_SPEC = {
  type: 'object',
  required: ['revisions'],
  properties: {
    revisions: {
      type: 'array',
      description: 'The encrypted key, in each of its revisions.',
      maxItems: 64,
      items: {
        type: 'object',
        required: ['data', 'status'],
        properties: {
          data: {
            type: 'string',
            description:
              'base64(hex(RSA-OAEP(key))), as kanalictl prints it; line ends in it are passed over.',
            pattern: '^[A-Za-z0-9+/\\s]+(=\\s*){0,2}$',
            minLength: 4,
            maxLength: 65_536,
          },
          status: {
            type: 'string',
            description: 'Only Active ones open anything.',
            enum: ['Active', 'Inactive'],
          },
          lastUsed: { type: 'string', format: 'date-time' },
        },
      },
    },
  },
} as const satisfies ObjectSchema

const rule = (description: string) =>
  ({
    type: 'object',
    description,
    properties: {
      global: { type: 'boolean', description: 'Every method; wins over granular.' },
      granular: {
        type: 'object',
        properties: {
          verbs: {
            type: 'array',
            description: 'Methods, in any case.',
            maxItems: 32,
            items: httpToken('A method.'),
          },
        },
      },
    },
  }) as const satisfies ObjectSchema

export const API_KEY_BINDING_SPEC = {
  type: 'object',
  required: ['keys'],
  properties: {
    keys: {
      type: 'array',
      description: 'What each key may do.',
      maxItems: 1024,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: dnsSubdomain('Name of the ApiKey.'),
          defaultRule: rule('What holds where no subpath does; absent: no access.'),
          subpaths: {
            type: 'array',
            description: 'The first whose path fits decides.',
            maxItems: 128,
            items: {
              type: 'object',
              required: ['path'],
              properties: {
                path: {
                  type: 'string',
                  description: 'Regular expression, anchored at the start of the target path.',
                  minLength: 1,
                  maxLength: 1024,
                },
                rule: rule('Absent: no access.'),
              },
            },
          },
          rate: {
            type: 'object',
            required: ['amount', 'unit'],
            properties: {
              amount: { type: 'integer', format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
              unit: {
                type: 'string',
                description: 'SECOND, MINUTE or HOUR, in any case.',
                pattern: '^([sS][eE][cC][oO][nN][dD]|[mM][iI][nN][uU][tT][eE]|[hH][oO][uU][rR])$',
              },
            },
          },
          quota: {
            type: 'integer',
            description: 'Requests granted in all.',
            format: 'int64',
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
          },
        },
      },
    },
  },
} as const satisfies ObjectSchema
