// The upstream for machines without nginx: `node upstream-server.ts PORT` answers everything with a small JSON body.

import { createServer } from 'node:http'
import { UPSTREAM_BODY } from './upstream.ts'

const [port = '0'] = process.argv.slice(2)
const headers = { 'content-type': 'application/json', 'content-length': String(UPSTREAM_BODY.length) }
createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
  response.writeHead(200, headers)
  response.end(UPSTREAM_BODY)
}).listen(Number(port), '127.0.0.1')
