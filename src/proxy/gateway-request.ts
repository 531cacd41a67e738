// The request of node:http without its object of all fields: everybody here reads `rawHeaders`, and making that object
// costs more than the whole of admitting a request. node:http itself asks it for Expect, and for TE of an HTTP/1.0 client.

import type * as Http from 'node:http'
import { headerList } from './request-headers.ts'

// By `import` the module comes with its getters read, and with them all of WebSocket: a tenth of a start.
const { IncomingMessage } = process.getBuiltinModule('node:http')

export class GatewayRequest extends IncomingMessage {}

interface FieldsOfNode {
  readonly expect?: string
  readonly te?: string
}

const NO_FIELDS: FieldsOfNode = {}

// An accessor like the one that it stands in for, which TypeScript knows as a property.
Object.defineProperty(GatewayRequest.prototype, 'headers', {
  get(this: Http.IncomingMessage): FieldsOfNode {
    const expect = headerList(this.rawHeaders, 'expect')
    const te = headerList(this.rawHeaders, 'te')
    if (expect === '' && te === '') return NO_FIELDS
    return { ...(expect === '' ? {} : { expect }), ...(te === '' ? {} : { te }) }
  },
})
