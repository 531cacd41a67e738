// The part of OpenAPI v3 that structural schemas of Kubernetes consist of, and the types of the values that a schema lets
// through: schema and type have one source. Source: kubernetes.io/docs/tasks/extend-kubernetes/custom-resources.

/** A rule in the Common Expression Language; `self` is the value. */
export interface CelRule {
  readonly rule: string
  /** Completes the sentence "<field> ...". */
  readonly message: string
}

interface Base {
  readonly description?: string
  readonly 'x-kubernetes-validations'?: readonly CelRule[]
}

export interface TextSchema extends Base {
  readonly type: 'string'
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly format?: 'date-time'
  readonly minLength?: number
  readonly maxLength?: number
  readonly default?: string
}

export interface IntegerSchema extends Base {
  readonly type: 'integer'
  readonly format?: 'int32' | 'int64'
  readonly minimum?: number
  readonly maximum?: number
}

export interface FlagSchema extends Base {
  readonly type: 'boolean'
}

export interface ListSchema extends Base {
  readonly type: 'array'
  readonly items: Schema
  readonly minItems?: number
  readonly maxItems: number
  readonly 'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
}

export interface ObjectSchema extends Base {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

export interface MapSchema extends Base {
  readonly type: 'object'
  readonly additionalProperties: TextSchema
  readonly maxProperties: number
}

export type Schema = TextSchema | IntegerSchema | FlagSchema | ListSchema | ObjectSchema | MapSchema

type RequiredOf<S> = S extends { readonly required: readonly (infer Name)[] } ? Name : never

/** The values that a schema lets through. */
export type ValueOf<S> = S extends { readonly type: 'string'; readonly enum: readonly (infer Word)[] }
  ? Word
  : S extends { readonly type: 'string' }
    ? string
    : S extends { readonly type: 'integer' }
      ? number
      : S extends { readonly type: 'boolean' }
        ? boolean
        : S extends { readonly type: 'array'; readonly items: infer Item }
          ? readonly ValueOf<Item>[]
          : S extends { readonly properties: infer Fields }
            ? {
                readonly [Name in keyof Fields as Name extends RequiredOf<S> ? Name : never]: ValueOf<
                  Fields[Name]
                >
              } & {
                readonly [Name in keyof Fields as Name extends RequiredOf<S> ? never : Name]?: ValueOf<
                  Fields[Name]
                >
              }
            : S extends { readonly additionalProperties: infer Value }
              ? Readonly<Record<string, ValueOf<Value>>>
              : never

/** A manifest of one of the kinds below, as a person writes it. */
export interface ManifestOf<Kind extends string, Spec, Status> {
  readonly apiVersion: 'kanali.io/v2'
  readonly kind: Kind
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: ValueOf<Spec>
  readonly status?: ValueOf<Status>
}
