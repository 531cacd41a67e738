// Codes 03, 04, 05 and 11: plugins that cannot be used, or fail while they run.

import type { CodeAdvice, Look } from './advice.ts'
import { compiled, conditionsOf, EXPLAINED, reasonsOf, recent, STATUS_OF_ALL } from './commands.ts'

const FILES: Look = { says: 'the files that are there', run: 'ls <plugins.location>', shows: ['.mjs'] }
/** @param what a JavaScript expression over `module` */
const loaded = (says: string, what: string, shows: readonly string[], exit = 0): Look => ({
  says,
  run: `node -e "import('<plugins.location>/<plugin file>').then((module) => console.log(${what}))"`,
  shows,
  ...(exit !== 0 && { exit }),
})
const HIT =
  'All callers of the ApiProxies that name the plugin, on every replica with the same files. Known since the start.'
const STOP =
  'Take the plugin out of the ApiProxy (`spec.plugins`) if the requests may pass without it; a guard may not. Files are read at the start only: mending one needs a restart.'
const MORE = ['plugins.md']

export const ADVICE_03: CodeAdvice<3> = {
  hit: HIT,
  stop: STOP,
  first: [STATUS_OF_ALL, compiled('"<apiproxy>"'), EXPLAINED],
  reasons: {
    plugin_file_missing: {
      detail: 'has no file for plugin',
      condition: 'PluginFileMissing',
      tell: '`kanali.plugin` names it.',
      causes: [
        [
          'The volume or image lacks the file',
          'Put `<name>.mjs` into the folder of `plugins.location` and restart.',
        ],
        [
          'A version was forgotten',
          'An ApiProxy without a version needs the file without one: a version is never chosen for you.',
        ],
        ['`plugins.location` is not set', 'It has no default.'],
      ],
      look: [conditionsOf('PluginFileMissing'), FILES],
    },
    plugin_version_missing: {
      detail: 'in version',
      condition: 'PluginVersionMissing',
      tell: 'The detail lists the versions that are there.',
      causes: [
        [
          'The ApiProxy is ahead of the roll-out of the file',
          'Roll the file out first; both versions can stand side by side.',
        ],
        ['The old file was removed too early', 'Put it back until no ApiProxy names it.'],
      ],
      look: [conditionsOf('PluginVersionMissing'), FILES],
    },
    plugin_load_failed: {
      detail: 'its import failed',
      condition: 'PluginLoadFailed',
      tell: 'The detail has the exception; the plugin has a condition of its own.',
      causes: [
        ['A syntax error, a missing import', 'Mend it: the command below repeats the load.'],
        [
          'It reaches for something at its top level (a file, a network)',
          'Do that in `onRequest`; a load has 10 seconds.',
        ],
        [
          'It is called `apikey` or `jwt`, or is a link out of the folder',
          'Give it another name; links must stay inside.',
        ],
      ],
      look: [conditionsOf('PluginLoadFailed'), loaded('the load, repeated', 'module', ['Error'], 1)],
    },
  },
  more: MORE,
}

export const ADVICE_04: CodeAdvice<4> = {
  hit: HIT,
  stop: STOP,
  first: [STATUS_OF_ALL, conditionsOf('PluginExportMissing'), EXPLAINED],
  reasons: {
    plugin_export_missing: {
      detail: 'but not Plugin',
      condition: 'PluginExportMissing',
      tell: 'The file loads. The detail lists what it exports.',
      causes: [
        ['A default export, or another spelling (`plugin`)', 'Export under exactly `Plugin`, and restart.'],
        [
          "A module that plugins share lies in the folder under a plugin's name",
          'Call it `_shared.mjs`: names that begin so are left alone.',
        ],
      ],
      look: [loaded('whether it is there', "'Plugin' in module", ['false'])],
    },
  },
  more: MORE,
}

export const ADVICE_05: CodeAdvice<5> = {
  hit: HIT,
  stop: STOP,
  first: [STATUS_OF_ALL, conditionsOf('PluginInterfaceIncomplete'), EXPLAINED],
  reasons: {
    plugin_interface_incomplete: {
      detail: 'lacks the method',
      condition: 'PluginInterfaceIncomplete',
      tell: 'The export `Plugin` is there. The detail names the method that is missing.',
      causes: [
        ['Only one of the two methods was written', 'Add the other one; it may be empty.'],
        ['A plugin for another gateway', 'The interface is in [plugins.md](../plugins.md#the-interface).'],
      ],
      look: [loaded('its two methods', '[module.Plugin.onRequest, module.Plugin.onResponse]', ['undefined'])],
    },
  },
  more: MORE,
}

export const ADVICE_11: CodeAdvice<11> = {
  hit: 'The requests for which the plugin fails: some, or all of its ApiProxies. Others are served.',
  stop: 'Go back to the version before, if it is still in the folder: change `spec.plugins[].version`, no restart needed. Or take the plugin out of the ApiProxy, unless it guards it.',
  first: [reasonsOf('11'), recent('11'), { ...EXPLAINED, shows: ['reason <reason>', 'plugin '] }],
  reasons: {
    plugin_threw: {
      detail: ' threw ',
      tell: 'The span has the event `exception` with the stack of the plugin, and `kanali.plugin`; the detail has method and message.',
      causes: [
        [
          'A field that is not always there',
          'Mend the plugin; the flight recorder has the headers of the request that did it (masked).',
        ],
        [
          'It sets a header that the gateway owns, or one that HTTP does not allow',
          'See the list in [plugins.md](../plugins.md#what-a-plugin-cannot-change).',
        ],
      ],
    },
    plugin_rejected: {
      detail: ' rejected with ',
      tell: 'The same, from a promise.',
      causes: [
        ['What it calls is away', 'Catch it, and decide: answer a status, or let the request pass.'],
        ['A refusal was written as a throw', 'Return `{ status, body }` instead.'],
      ],
    },
    plugin_deadline: {
      detail: 'did not settle within',
      tell: 'There is no exception, and `kanali.duration.plugins_ms` is about `plugins.deadline`.',
      causes: [
        [
          'A call without a time limit of its own',
          'Hand `context.signal` to it, and give it a shorter limit.',
        ],
        ['What it calls is slow today', 'Mend that; raising `plugins.deadline` makes callers wait.'],
      ],
    },
    plugin_answer_invalid: {
      detail: 'an answer that cannot be sent',
      tell: 'The detail says which rule is broken.',
      causes: [
        ['A status that is a text, or below 200', 'Return a whole number from 200 to 599.'],
        ['`null` or `false` for "go on"', 'Return nothing: what is not understood is never let pass.'],
      ],
    },
  },
  more: MORE,
}
