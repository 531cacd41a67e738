// Reads and changes the level of the program's log while it runs.
// Every change is itself a log line, written so that it is seen at the old or the new level.

import type { AdminRequest, AdminRoute } from './admin-server.ts'
import { type Answer, refusal } from './answer.ts'
import type { FleetView } from './fleet-view.ts'
import type { LogFields } from '../telemetry/names.ts'

export interface LevelledLog {
  level: string
  warn(fields: LogFields, message: string): void
}

/** From the most to the least that is written. */
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/**
 * `GET /debug/log-level` and `POST /debug/log-level` with `{ "level": "debug" }`.
 * @param fleet the workers, which follow
 */
export function logLevelPages(
  log: LevelledLog,
  fleet?: Pick<FleetView, 'setLogLevel'>,
): readonly AdminRoute[] {
  const path = '/debug/log-level'
  const current = (): Answer => ({ status: 200, json: { level: log.level, levels: LOG_LEVELS } })
  return [
    { method: 'GET', path, answer: current },
    {
      method: 'POST',
      path,
      answer: (request) => {
        const level = levelOf(request)
        if (level === undefined) {
          return refusal(400, 'bad_level', 'The content must be JSON like {"level":"debug"}.', {
            fields: { levels: LOG_LEVELS },
          })
        }
        change(log, level, request.clientAddress)
        fleet?.setLogLevel(level)
        return current()
      },
    },
  ]
}

function levelOf({ body }: AdminRequest): string | undefined {
  try {
    const content: unknown = JSON.parse(body.toString('utf8'))
    if (typeof content !== 'object' || content === null || !('level' in content)) return undefined
    return LOG_LEVELS.find((level) => level === content.level)
  } catch {
    return undefined
  }
}

function change(log: LevelledLog, level: string, client: string): void {
  const before = log.level
  if (before === level) return
  const line = () => log.warn({ level_before: before, level_now: level, client }, 'The log level was changed')
  if (rank(level) > rank(before)) line()
  log.level = level
  if (rank(level) <= rank(before)) line()
}

function rank(level: string): number {
  return LOG_LEVELS.findIndex((entry) => entry === level)
}
