// @fastify/http-proxy as its documentation shows it: `node fastify-http-proxy.ts PORT UPSTREAM_URL`.

import fastifyHttpProxy from '@fastify/http-proxy'
import fastify from 'fastify'

const [port = '0', upstream = ''] = process.argv.slice(2)
const server = fastify({ logger: false })
await server.register(fastifyHttpProxy, { upstream })
await server.listen({ port: Number(port), host: '127.0.0.1' })
