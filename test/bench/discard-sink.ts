// Takes OTLP over HTTP and throws it away, so that exporting costs the gateway what it costs: `node discard-sink.ts
// PORT`. Any GET is answered with how many exports and bytes came.

import { createServer } from 'node:http'

const [port = '0'] = process.argv.slice(2)
let exports = 0
let bytes = 0
createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  request.on('end', () => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ exports, bytes }))
      return
    }
    exports++
    response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': '0' })
    response.end()
  })
}).listen(Number(port), '127.0.0.1')
