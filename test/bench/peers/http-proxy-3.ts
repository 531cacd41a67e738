// http-proxy-3 with connections to the upstream that are kept: `node http-proxy-3.ts PORT UPSTREAM_URL`.

import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'http-proxy-3'

const [port = '0', target = ''] = process.argv.slice(2)
const proxy = createProxyServer({ target, agent: new Agent({ keepAlive: true, maxSockets: 64 }) })
proxy.on('error', () => undefined)
createServer((request, response) => proxy.web(request, response)).listen(Number(port), '127.0.0.1')
