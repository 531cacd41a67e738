// Certificates out of PEM text, and when they end. Reads no clock: whether one has expired is judged in the handshake
// and by an alert. What it says of bad text holds no part of it.

import { X509Certificate } from 'node:crypto'

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'
const CERTIFICATES_MAX = 1000

/** All certificates of a PEM text, the first being the leaf of a chain; or why not, in words of ours. */
export function readCertificates(bytes: Buffer): X509Certificate[] | string {
  const text = bytes.toString('latin1')
  const certificates: X509Certificate[] = []
  for (let start = text.indexOf(BEGIN); start !== -1; start = text.indexOf(BEGIN, start + BEGIN.length)) {
    const ordinal = certificates.length + 1
    if (ordinal > CERTIFICATES_MAX) return `holds more than ${CERTIFICATES_MAX} certificates`
    const end = text.indexOf(END, start)
    if (end === -1) return `certificate ${ordinal} has no end line`
    try {
      certificates.push(new X509Certificate(text.slice(start, end + END.length)))
    } catch {
      return `certificate ${ordinal} is not valid X.509`
    }
  }
  return certificates.length === 0 ? 'holds no PEM block CERTIFICATE' : certificates
}

/**
 * When a chain first stops being good: the earliest end of all its certificates, in milliseconds since the epoch.
 * Undefined where none of them has an end that can be read, which their parser lets pass.
 */
export function endOfChain(chain: readonly X509Certificate[]): number | undefined {
  return pick(Math.min, chain)
}

/** When nothing of a bundle of authorities is good any more: the latest end of all. Undefined as above. */
export function endOfTrust(authorities: readonly X509Certificate[]): number | undefined {
  return pick(Math.max, authorities)
}

function pick(
  choose: (...ends: number[]) => number,
  certificates: readonly X509Certificate[],
): number | undefined {
  const ends = certificates.map(({ validTo }) => Date.parse(validTo)).filter((end) => !Number.isNaN(end))
  return ends.length === 0 ? undefined : choose(...ends)
}
