// Preloaded into a process with `--import`: writes the address of each module that the process loads, one a line, to the
// file that MODULE_RECORD names. It changes nothing of what is loaded.

import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const file = process.env['MODULE_RECORD']
if (file === undefined) throw new Error('MODULE_RECORD must name the file to write to')

registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(file, `${url}\n`)
    return nextLoad(url, context)
  },
})
