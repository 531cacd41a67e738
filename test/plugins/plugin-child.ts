// A process with a plugin host in it, for tests that must see from outside what a plugin does to it.
// usage: plugin-child.ts FOLDER WATCHDOG_TIMEOUT_MS [FILE...]. The watchdog repeats itself as often.
// Prints the facts, then calls onRequest of each FILE in turn (of those joined by a comma at once) and prints the first
// result and what liveness says; at the end, what it says more than a minute later.

import { loadPlugins } from '../../src/plugins/load.ts'
import { KeptLog, pluginOptions, requestView, step } from './plugin-folder.ts'

const [, , folder = '', watchdogTimeoutMs = '', ...files] = process.argv
const timeoutMs = Number(watchdogTimeoutMs)
let skippedMs = 0
const now = (): number => performance.now() + skippedMs
const options = { watchdogTimeoutMs: timeoutMs, watchdog: { repeatMs: timeoutMs, now } }
const loaded = await loadPlugins(folder, pluginOptions(new KeptLog(), options))
if ('problem' in loaded) throw new Error(loaded.problem)
print({ facts: loaded.facts, blocked: loaded.host.blocked() ?? null })
for (const together of files) {
  const results = together.split(',').map(async (file) => {
    const { compiled, context } = step(file)
    return loaded.host.runRequest(compiled, context, requestView())
  })
  const [result] = await Promise.all(results)
  print({ file: together, result: result ?? null, blocked: loaded.host.blocked() ?? null })
}
skippedMs = 60_001
print({ blocked: loaded.host.blocked() ?? null })
await loaded.host.stop()

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
