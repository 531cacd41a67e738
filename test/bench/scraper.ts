// Reads one page in a thread of its own, and says how many bytes it had and how long that took: the event loop that is
// measured is not the reader's.

import { parentPort, workerData } from 'node:worker_threads'

const { url, accept } = workerData as { url: string; accept: string }
const started = performance.now()
const response = await fetch(url, { headers: { accept } })
let bytes = 0
for await (const piece of response.body ?? []) bytes += (piece as Uint8Array).length
if (response.status !== 200) throw new Error(`the scrape was answered ${response.status}`)
parentPort?.postMessage({ bytes, ms: performance.now() - started }, [])
