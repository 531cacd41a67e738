import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { listen } from '../../src/proxy/listen.ts'

const servers: Server[] = []

function newServer(): Server {
  const server = createServer()
  servers.push(server)
  return server
}

afterEach(() => {
  for (const server of servers.splice(0)) if (server.listening) server.close()
})

const PLACE = { option: 'prometheus.insecure_port', port: 0, address: '127.0.0.1' }

async function anOpenPort(address = '127.0.0.1'): Promise<number> {
  const listening = await listen(newServer(), { ...PLACE, address })
  if ('problem' in listening) throw new Error(listening.problem)
  return listening.port
}

test('a port of 0 gives the port that the system chose', async () => {
  expect(await anOpenPort()).toBeGreaterThan(0)
})

test('a port in use is told in one line that names option, port and address', async () => {
  const port = await anOpenPort()
  expect(await listen(newServer(), { ...PLACE, port })).toEqual({
    problem: `prometheus.insecure_port ${port}: address already in use (127.0.0.1:${port})`,
  })
})

test('an IPv6 address stands in brackets', async () => {
  const port = await anOpenPort('::1')
  expect(await listen(newServer(), { ...PLACE, port, address: '::1' })).toEqual({
    problem: `prometheus.insecure_port ${port}: address already in use ([::1]:${port})`,
  })
})

test('an address that this machine does not have is told', async () => {
  expect(await listen(newServer(), { ...PLACE, address: '192.0.2.1' })).toEqual({
    problem: 'prometheus.insecure_port 0: address is not one of this machine (192.0.2.1:0)',
  })
})

test('a port that cannot be one is returned as a problem, not thrown', async () => {
  expect(await listen(newServer(), { ...PLACE, port: 70_000 })).toEqual({
    problem: 'prometheus.insecure_port 70000: port not valid (127.0.0.1:70000)',
  })
})

test('no listener of its own stays behind on the server', async () => {
  const server = newServer()
  await listen(server, PLACE)
  expect(server.listenerCount('error')).toBe(0)
  expect(server.listenerCount('listening')).toBe(0)
})
