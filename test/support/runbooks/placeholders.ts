// What stands for the placeholders of a runbook's commands, taken from a failed request: what its reader would read off
// the log line, the span, or `kanali explain`.

import { ERROR_FACTS } from '../../../src/errors/catalogue.ts'
import { shellWord } from '../../../src/explain/shell-words.ts'
import type { Produced } from '../every-outcome/every-outcome.ts'

export type Placeholders = Readonly<Record<string, string>>

const PLACEHOLDER = /<([A-Za-z][A-Za-z._ ]*)>/g

/** Fills a command in. Throws where a placeholder has no value. */
export function fillCommand(command: string, values: Placeholders): string {
  return command.replaceAll(PLACEHOLDER, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`nothing is known for ${whole} in: ${command}`)
    return shellWord(value)
  })
}

/** The same for what a page says that is shown, without the quotes of a shell. */
export function fillText(text: string, values: Placeholders): string {
  return text.replaceAll(PLACEHOLDER, (whole, name: string) => values[name] ?? whole)
}

/** True where every placeholder of the command has a value. */
export function canFill(command: string, values: Placeholders): boolean {
  return Array.from(command.matchAll(PLACEHOLDER), ([, name = '']) => name).every((name) => name in values)
}

/** What is known of one request; `more` wins. */
export function placeholdersOf(
  { report, traceId, gateway }: Produced,
  more: Placeholders = {},
): Placeholders {
  const { apiproxy, attempts, request, plugins, detail } = report
  const endpoint = attempts.at(-1)?.endpoint
  const upstream = endpoint === undefined ? null : URL.parse(endpoint)
  const failing = plugins.find(({ decision }) => decision === 'failed')
  const { journal, folder, plugins: location, redis, jwksURI, listener } = gateway.places
  const known: Readonly<Record<string, string | undefined>> = {
    'trace id': traceId,
    reason: report.reason ?? undefined,
    blame: ERROR_FACTS.find(({ reason }) => reason === report.reason)?.blame,
    namespace: apiproxy?.namespace,
    apiproxy: apiproxy?.name,
    'requested host': request.host,
    'requested path': request.path,
    host: upstream?.hostname,
    port: upstream === null ? undefined : upstream.port || (upstream.protocol === 'https:' ? '443' : '80'),
    path: attempts.at(-1)?.path,
    secret: nameOf('Secret', report),
    service: nameOf('Service', report),
    mocktarget: nameOf('MockTarget', report),
    apikey: nameOf('ApiKey', report),
    apikeybinding: nameOf('ApiKeyBinding', report),
    'plugin file': /\b[\w.-]+\.mjs\b/.exec(detail)?.[0] ?? failing?.name,
    'plugins.location': location,
    jwksURI: /https?:\/\/\S+\/keys\b/.exec(detail)?.[0] ?? jwksURI,
    'limits.redis_url': redis,
    journal,
    folder,
    listener,
    instance: `127.0.0.1:${gateway.prometheusPort}`,
    ...more,
  }
  return Object.fromEntries(
    Object.entries(known).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** Of the object at fault, of the one that is missing, or of those that the route was made of. */
function nameOf(kind: string, { cause, missing, objects }: Produced['report']): string | undefined {
  if (cause?.kind === kind) return cause.name
  return [...missing, ...objects].find((object) => object.kind === kind)?.name
}
