// The objects by which an API server is told of the webhook.

const RULES = [
  {
    apiGroups: ['kanali.io'],
    apiVersions: ['v2'],
    operations: ['CREATE', 'UPDATE'],
    resources: ['apiproxies', 'mocktargets', 'apikeybindings', 'apikeys'],
    scope: '*',
  },
] as const

/** How the API server reaches the webhook: a Service, or an address outside the cluster; `caBundle` is base64 of PEM. */
export type ClientConfig =
  | { readonly service: { readonly namespace: string; readonly name: string; readonly path: string } }
  | { readonly url: string; readonly caBundle: string }

/** @param annotations such as that by which cert-manager puts the authority in */
export function webhookConfiguration(
  clientConfig: ClientConfig,
  annotations: Readonly<Record<string, string>> = {},
) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'kanali', ...(Object.keys(annotations).length > 0 && { annotations }) },
    webhooks: [
      {
        name: 'validator.kanali.io',
        admissionReviewVersions: ['v1'],
        clientConfig,
        // The build is the guard, and it is always there: a webhook that is away must not stop anyone's work.
        failurePolicy: 'Ignore',
        matchPolicy: 'Equivalent',
        rules: RULES,
        sideEffects: 'None',
        timeoutSeconds: 3,
      },
    ],
  } as const
}
