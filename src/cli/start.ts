// `kanali start`: options, the gateway, and the life of the process around it.

import { loadOptions } from '../config/load.ts'
import { createGateway } from '../gateway.ts'
import { createLife } from '../life.ts'
import { version } from './version.ts'

/** Runs until a signal ends it; the process exits from here. */
export async function start(argv: readonly string[]): Promise<void> {
  const loaded = loadOptions({ argv, env: process.env })
  if ('problem' in loaded) return fail(2, loaded.problem)
  const gateway = createGateway(loaded.options, { version: version() })
  const life = createLife({
    log: gateway.log,
    steps: gateway.drainSteps(),
    timeoutMs: loaded.options['server.shutdown_timeout'],
    exit: (status) => process.exit(status),
    onFault: () => gateway.countFault(),
    process,
  })
  const started = await gateway.start()
  if ('problem' in started) return fail(1, started.problem)
  life.started()
}

/** Ends a start that cannot go on, with one line. */
function fail(status: 1 | 2, problem: string): never {
  process.stderr.write(`kanali: ${problem}\n`)
  process.exit(status)
}
