// The schema of an ApiProxy's spec. It lets through what api-proxy.ts and backend.ts read, but for lengths of lists and
// hosts whose last label is a number (127.1), which no pattern here tells from a name.

import { absolutePath, anyPath, dnsLabel, dnsSubdomain, httpToken } from './common-schemas.ts'
import type { ListSchema, ObjectSchema } from './schema.ts'

const HOST_LABEL = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
const HOST = `${HOST_LABEL}([.]${HOST_LABEL})*[.]?`
/** At least two colons: with one it would be a port. */
const IPV6 = '[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*'
const LABEL_PART = '[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?'
/** 0 to 65535, in at most five digits. */
const PORT = '([0-9]{1,4}|[0-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])'
const PLUGIN_WORD = '[A-Za-z0-9][A-Za-z0-9._-]*'

const LABELS = {
  type: 'array',
  description: 'Services that carry all of these labels; the oldest is taken.',
  minItems: 1,
  maxItems: 32,
  items: {
    type: 'object',
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        description: 'Name of the label.',
        pattern: `^([a-z0-9.-]{1,253}/)?${LABEL_PART}$`,
        maxLength: 317,
      },
      value: {
        type: 'string',
        description: 'Value that the label must have.',
        pattern: `^(${LABEL_PART})?$`,
        maxLength: 63,
      },
      header: httpToken(
        'Request header that gives the value; without it, its default of proxy.default_header_values.',
      ),
    },
    'x-kubernetes-validations': [
      { rule: 'has(self.value) != has(self.header)', message: 'must have exactly one of value, header' },
    ],
  },
} as const satisfies ListSchema

const SERVICE = {
  type: 'object',
  description: 'A Service of the same namespace, by its name or by its labels.',
  required: ['port'],
  properties: {
    name: dnsLabel('Name of the Service.'),
    labels: LABELS,
    port: { type: 'integer', description: 'Port of the Service.', minimum: 0, maximum: 65_535 },
  },
  'x-kubernetes-validations': [
    { rule: 'has(self.name) != has(self.labels)', message: 'must have exactly one of name, labels' },
  ],
} as const satisfies ObjectSchema

const BACKEND = {
  type: 'object',
  description: 'Where requests go: exactly one of endpoint, service, mock.',
  properties: {
    endpoint: {
      type: 'string',
      description: '<scheme>://<host>[:port], http or https, without user information.',
      pattern: `^[hH][tT][tT][pP][sS]?://(${HOST}|\\[${IPV6}\\])(:${PORT})?$`,
      maxLength: 512,
    },
    service: SERVICE,
    mock: {
      type: 'object',
      description: 'Canned answers.',
      required: ['mockTargetName'],
      properties: { mockTargetName: dnsSubdomain('A MockTarget of the same namespace.') },
    },
  },
  'x-kubernetes-validations': [
    {
      rule: '[has(self.endpoint), has(self.service), has(self.mock)].filter(given, given).size() == 1',
      message: 'must have exactly one of endpoint, service, mock',
    },
  ],
} as const satisfies ObjectSchema

const PLUGINS = {
  type: 'array',
  description: 'Plugins that see each request, in this order.',
  maxItems: 64,
  items: {
    type: 'object',
    required: ['name'],
    properties: {
      name: { type: 'string', pattern: `^\\s*${PLUGIN_WORD}\\s*$`, maxLength: 160 },
      version: { type: 'string', pattern: `^(\\s*${PLUGIN_WORD}\\s*)?$`, maxLength: 160 },
      config: {
        type: 'object',
        description: 'What the plugin is told; its matter.',
        additionalProperties: { type: 'string' },
        maxProperties: 256,
      },
    },
  },
} as const satisfies ListSchema

export const API_PROXY_SPEC = {
  type: 'object',
  required: ['source', 'target'],
  properties: {
    source: {
      type: 'object',
      description: 'Which requests are meant.',
      required: ['path'],
      properties: {
        path: absolutePath('Prefix of the path, by whole segments.'),
        virtualHost: {
          type: 'string',
          description: 'The only host whose requests are meant; absent or empty: any.',
          pattern: `^(${HOST}|${IPV6}|\\[${IPV6}\\])?$`,
          maxLength: 254,
        },
      },
    },
    target: {
      type: 'object',
      description: 'Where they go.',
      required: ['backend'],
      properties: {
        path: { ...anyPath('What takes the place of the source path; / strips it.'), default: '/' },
        backend: BACKEND,
        ssl: {
          type: 'object',
          description: 'TLS towards the upstream.',
          required: ['secretName'],
          properties: {
            secretName: dnsSubdomain('A Secret of the same namespace, annotated kanali.io/enabled: true.'),
          },
        },
      },
    },
    plugins: PLUGINS,
  },
} as const satisfies ObjectSchema
