// Which addresses may be connected to as upstreams, judged after DNS: a name that resolves to a forbidden address is
// as forbidden as the address itself. It must never be asked before the name is resolved.

import { BlockList, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { plainAddress } from '../trusted-proxies.ts'

const LINK_LOCAL = new BlockList()
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4')
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6')

const THIS_HOST = new BlockList()
THIS_HOST.addSubnet('127.0.0.0', 8, 'ipv4')
THIS_HOST.addSubnet('0.0.0.0', 8, 'ipv4')
THIS_HOST.addAddress('::1', 'ipv6')
THIS_HOST.addAddress('::', 'ipv6')

/** Refuses link-local addresses (cloud metadata lives there) and the gateway's own admin ports. */
export class AddressGuard {
  readonly #open: boolean
  /** Ports of the metrics and profiling listeners, set once they listen. */
  adminPorts: ReadonlySet<number> = new Set()

  /** `open`: option proxy.allow_restricted_upstreams; nothing is refused. */
  constructor(open: boolean) {
    this.#open = open
  }

  /** Why `address:port` may not be connected to; undefined where it may. */
  refusal(address: string, port: number): string | undefined {
    if (this.#open) return undefined
    const plain = plainAddress(address)
    const family = isIPv6(plain) ? 'ipv6' : 'ipv4'
    if (LINK_LOCAL.check(plain, family)) return `${plain} is a link-local address`
    if (this.adminPorts.has(port) && isThisHost(plain, family)) {
      return `${plain}:${port} is an admin port of this gateway`
    }
    return undefined
  }
}

function isThisHost(address: string, family: 'ipv4' | 'ipv6'): boolean {
  if (THIS_HOST.check(address, family)) return true
  for (const entries of Object.values(networkInterfaces())) {
    for (const entry of entries ?? []) if (entry.address === address) return true
  }
  return false
}
