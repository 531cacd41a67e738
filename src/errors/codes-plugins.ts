// The codes of plugins: 03 (load), 04 (export), 05 (interface), 11 (run).
// Statuses and messages are the contract with clients; they never change, faults of grammar included.

import type { CatalogueEntry } from './catalogue-entry.ts'

export const CODE_03 = {
  code: 3,
  status: 500,
  message: 'Could not open or load plugin.',
  means: 'The file of a plugin is missing or does not load.',
  check:
    'Is there a file for each plugin in `plugins.location`? One of the first log lines after the start shows which were found.',
  reasons: [
    {
      reason: 'plugin_file_missing',
      blame: 'config',
      means: 'The plugin folder has no file of the name that the ApiProxy gives.',
      check:
        'The file must be `<name>.mjs` or `<name>.js` in the folder of `plugins.location`; run `ls <plugins.location>`. Files are read at the start only: restart the gateway after adding one.',
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'plugin_version_missing',
      blame: 'config',
      means: 'The plugin is there, but not in the version that the ApiProxy gives.',
      check:
        'The file must be `<name>_<version>.mjs` or `.js`; run `ls <plugins.location>` and compare with `spec.plugins[].version`, or leave the version out. Restart the gateway after adding a file.',
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'plugin_load_failed',
      blame: 'plugin',
      means:
        'The file of the plugin is there, and loading it failed: a syntax error, a missing import, or an exception at its top level.',
      check:
        'The log line of the start names the exception; `node --input-type=module -e "await import(\'<plugins.location>/<file>\')"` repeats it. Restart the gateway when it is mended.',
      proxyStatus: 'proxy_configuration_error',
      generic: true,
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_04 = {
  code: 4,
  status: 500,
  message: 'Could not lookup plugin symbol.',
  means: 'The module of the plugin has no export named `Plugin`.',
  check: 'Look at the exports of the plugin.',
  reasons: [
    {
      reason: 'plugin_export_missing',
      blame: 'plugin',
      means: 'The module loaded, and it has no export named `Plugin`.',
      check:
        'Export a class or an object under exactly that name: `export class Plugin { ... }` or `export const Plugin = { ... }`; a default export does not count. Restart the gateway.',
      proxyStatus: 'proxy_configuration_error',
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_05 = {
  code: 5,
  status: 500,
  message: 'Plugin does not implement the correct interface.',
  means: 'The export `Plugin` lacks a method that every plugin must have.',
  check: 'Compare the methods of the plugin with the interface in the guide to writing a plugin.',
  reasons: [
    {
      reason: 'plugin_interface_incomplete',
      blame: 'plugin',
      means: 'The export `Plugin` lacks `onRequest` or `onResponse`.',
      check:
        'The detail on the span and the log line of the start name the missing method. Add it (it may be empty) and restart the gateway.',
      proxyStatus: 'proxy_configuration_error',
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_11 = {
  code: 11,
  status: 500,
  message: 'Plugin threw a runtime error.',
  means: 'A plugin failed while it ran for this request.',
  check: 'It is a bug in the plugin: its stack is on the span of the request.',
  reasons: [
    {
      reason: 'plugin_threw',
      blame: 'plugin',
      means: 'A method of a plugin threw an exception.',
      check:
        'The detail names the plugin and the method, and the exception event of the span has the stack. Mend the plugin and restart the gateway, or take it out of the ApiProxy.',
      proxyStatus: 'proxy_internal_error',
      generic: true,
    },
    {
      reason: 'plugin_rejected',
      blame: 'plugin',
      means: 'A method of a plugin returned a promise, and the promise was rejected.',
      check:
        'The detail names the plugin and the method, and the exception event of the span has the stack. A refusal is an answer with a status of its own, not a rejection: return `{ status, body }`.',
      proxyStatus: 'proxy_internal_error',
      generic: true,
    },
    {
      reason: 'plugin_deadline',
      blame: 'plugin',
      means: 'A method of a plugin returned a promise that did not settle within the deadline.',
      check:
        'The detail names the plugin and the method. Find what it waits for and give that a time limit of its own (`context.signal` is aborted at the deadline), or raise `plugins.deadline`.',
      proxyStatus: 'proxy_internal_error',
    },
    {
      reason: 'plugin_answer_invalid',
      blame: 'plugin',
      means: 'A plugin answered with something that HTTP does not allow.',
      check:
        'The detail names the plugin and the broken rule: a status from 200 to 599, header names and values that HTTP allows, a body that is a string.',
      proxyStatus: 'proxy_internal_error',
    },
  ],
} as const satisfies CatalogueEntry
