import { describeTransport } from '../../contracts/transport.ts'

describeTransport('socket')
