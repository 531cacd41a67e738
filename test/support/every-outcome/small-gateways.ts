// Two gateways in this process over watched folders of their own: one with narrow limits and injected faults, and one
// that goes away while a request is under way.

import { connectHttp, requestBytes } from '../http-client.ts'
import { type InProcessGateway, startInProcessGateway } from '../in-process-gateway.ts'
import { apiProxy, type Manifest } from '../manifests.ts'
import { tempFolder, type TempFolder } from '../temp-folder.ts'
import { neverAnswers } from '../upstream-scripts.ts'
import { startUpstream } from '../upstream.ts'
import { type Member, memberOf, type Sink } from './member.ts'
import { injected, narrowPart } from './narrow-part.ts'
import { type Ask, get } from './outcome.ts'

export async function startNarrowGateway(sink: Sink): Promise<Member> {
  const part = await narrowPart()
  const folder = await folderOf('narrow', part.manifests)
  const flags = { 'source.directory': folder.path, 'source.namespace': 'shop', ...part.flags }
  const gateway = await startInProcessGateway(sink, flags, { transport: injected })
  const stop = async (): Promise<void> => {
    await part.stop()
    await folder.remove()
  }
  return memberOf('narrow', gateway, part.asks, stop, { ...part.places, folder: folder.path })
}

/** Its admin ports stay open when it has gone away, so that it can be seen. */
export async function startLeavingGateway(sink: Sink): Promise<Member> {
  const silent = await startUpstream(neverAnswers())
  const folder = await folderOf('leaving', [apiProxy('slow').at('/slow').toEndpoint(silent.url).build()])
  const flags = { 'source.directory': folder.path, 'source.namespace': 'shop' }
  const running = await startInProcessGateway(sink, flags)
  const leaves: Ask['send'] = async (port) => {
    await using client = await connectHttp(port)
    await client.send(requestBytes('GET', '/slow'))
    await silent.request(0)
    const [response] = await Promise.all([client.response(), leave(running)])
    return response
  }
  return memberOf('leaving', running, { shutting_down: get('/slow', {}, leaves) }, async () => {
    await silent.stop()
    await folder.remove()
  })
}

/** The first two steps of a drain, with no time left for requests. */
async function leave({ gateway }: InProcessGateway): Promise<void> {
  for (const step of gateway.drainSteps().slice(0, 2)) await step.run(AbortSignal.abort())
}

async function folderOf(label: string, manifests: readonly Manifest[]): Promise<TempFolder> {
  const folder = await tempFolder(label)
  await folder.write('all.yaml', manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'))
  return folder
}
