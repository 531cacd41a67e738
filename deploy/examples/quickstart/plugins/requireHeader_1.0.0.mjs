// An example of a Kanali plugin: requests without a certain header are answered 400, before they reach the upstream.
// Put this file into the folder of `plugins.location`, restart the gateway, and name it in an ApiProxy:
//
//   plugins:
//     - name: requireHeader
//       version: 1.0.0
//       config:
//         header: x-tenant              # required: the header that a request must have
//         message: Who are you?         # optional: what a client without it reads
//
// docs/plugins.md is the guide to everything that is used here.

/** @import { Plugin as PluginInterface } from '../../../src/plugins/plugin.ts' */

/** @implements {PluginInterface} */
export class Plugin {
  /** @type {PluginInterface['onRequest']} */
  onRequest({ config }, request) {
    const { header, message = `The header ${header} is required.` } = config
    // A mistake in the ApiProxy: throwing makes it a Kanali error 11 (plugin_threw) that the operator finds in the span.
    if (header === undefined) throw new Error('requireHeader needs config.header')

    const value = request.header(header)?.trim()
    if (!value) {
      // Returning an answer ends the request here. A client's mistake is an answer, never an exception.
      return {
        status: 400,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ status: 400, message }),
      }
    }

    // One clean field for the plugins that follow and for the upstream, however many the client sent.
    request.setHeader(header, value)
    // Returning nothing lets the request go on.
    return undefined
  }

  /** @type {PluginInterface['onResponse']} */
  onResponse({ config }, _request, response) {
    // A cache must not give the one tenant's answer to the other.
    if (config.header !== undefined) response.addHeader('vary', config.header)
  }
}
