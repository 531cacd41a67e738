// The gateway that shows most outcomes: `kanali start` in a process of its own, as a user has it, over a watched folder,
// with a journal and with an HTTPS listener beside the other.

import { createAuthority } from '../certificates.ts'
import { freePort } from '../free-ports.ts'
import { startGatewayProcess } from '../gateway-process.ts'
import { type TempFolder, tempFolder } from '../temp-folder.ts'
import { keyPart } from './key-part.ts'
import { type Member, memberOf, type Sink } from './member.ts'
import type { Asks, Places } from './outcome.ts'
import { pluginPart } from './plugin-part.ts'
import { rejectionPart } from './rejection-part.ts'
import { routingPart } from './routing-part.ts'
import { secretPart } from './secret-part.ts'
import { tokenPart } from './token-part.ts'
import { upstreamPart } from './upstream-part.ts'
import { upstreamTlsPart } from './upstream-tls-part.ts'

/** @param flags more options by name; they win over those of the parts */
export async function startMainGateway(sink: Sink, flags: Readonly<Record<string, string>>): Promise<Member> {
  const begun = [routingPart(), pluginPart(), upstreamPart(), upstreamTlsPart(), keyPart(), tokenPart()]
  const parts = [secretPart(), rejectionPart(), ...(await Promise.all(begun))]
  const folder = await tempFolder('main')
  const securePort = await freePort()
  const gateway = await startGatewayProcess({
    manifests: Object.fromEntries(parts.map(({ manifests }, index) => [`part-${index}.yaml`, manifests])),
    // The resolver gives up before it sends a query: a real failure of a look-up, and nothing leaves the machine.
    env: { RES_OPTIONS: 'attempts:0' },
    flags: {
      'source.namespace': 'shop',
      'events.journal_dir': `${folder.path}/journal`,
      ...(await listenerFlags(folder, securePort)),
      ...Object.assign({}, ...parts.map((part) => part.flags ?? {})),
      ...flags,
    },
    ...(sink !== undefined && { otlpUrl: sink.httpUrl }),
  })
  const asks: Asks = Object.assign({}, ...parts.map((part) => part.asks))
  const stop = async (): Promise<void> => {
    for (const part of parts) await part.stop()
    await folder.remove()
  }
  const places: Places = Object.assign({}, ...parts.map((part) => part.places ?? {}))
  const own = {
    folder: gateway.folder.path,
    journal: `${folder.path}/journal`,
    listener: `127.0.0.1:${securePort}`,
  }
  return memberOf('main', gateway, asks, stop, { ...places, ...own })
}

async function listenerFlags(folder: TempFolder, port: number): Promise<Readonly<Record<string, string>>> {
  const { certificate, key } = createAuthority('Listener CA').server()
  return {
    'server.secure_port': String(port),
    'server.secure_bind_address': '127.0.0.1',
    'server.tls.cert_file': await folder.write('tls.crt', certificate),
    'server.tls.key_file': await folder.write('tls.key', key),
  }
}
