// What the plugin host needs of the program's log.

export interface PluginLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
