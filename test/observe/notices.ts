// Where Alertmanager sends what it has to say while Kanali is observed: a receiver on loopback that prints a line for
// each alert, in place of the addresses that an operator fills in.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { lineText } from '../../src/telemetry/visible-text.ts'

const BODY_BYTES_MAX = 1024 * 1024

export interface Notices extends AsyncDisposable {
  /** The configuration with every receiver's address on loopback. */
  configured(alertmanagerYaml: string): string
}

/** @param say gets a line for each alert that begins or ends */
export async function startNotices(say: (line: string) => void): Promise<Notices> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
    })
    request.on('end', () => {
      response.end()
      for (const line of linesOf(request.url ?? '', Buffer.concat(chunks).toString('utf8'))) say(line)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    configured: (yaml) => yaml.replaceAll(/http:\/\/notify\.invalid\//g, `http://127.0.0.1:${port}/`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Notice {
  readonly alerts: readonly {
    readonly status: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }[]
}

function linesOf(receiver: string, body: string): string[] {
  try {
    const { alerts } = JSON.parse(body) as Notice
    return alerts.map(({ status, labels, annotations }) =>
      lineText(
        `alert ${status}: ${labels['alertname']} (${labels['severity']}, to ${receiver.slice(1)}): ${annotations['summary']} ${annotations['runbook_url']}`,
      ),
    )
  } catch {
    return [`a notice for ${lineText(receiver)} cannot be read`]
  }
}
