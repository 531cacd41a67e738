// What the plugin host needs of the program's log.

import type { LogFields } from '../telemetry/names.ts'

export interface PluginLog {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}
