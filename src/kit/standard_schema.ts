/**
 * The parts of two small standards that let `defineTool` take a schema of any library: Standard Schema (checking) and
 * Standard JSON Schema (describing). Types only, written from https://standardschema.dev (version 1).
 */

/** What a check found wrong. */
export interface StandardIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where: keys, or objects with a `key`. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a check came to; a result without `issues` is good. */
export type StandardResult<Output> =
  | {
    /** The checked and possibly converted value. */
    readonly value: Output;
    /** Absent. */
    readonly issues?: undefined;
  }
  | {
    /** What is wrong; at least one. */
    readonly issues: readonly StandardIssue[];
  };

/** The members of `~standard` the runtime uses. */
export interface StandardSchemaProps<Input, Output> {
  /** Version of the standard. */
  readonly version: 1;
  /** The library. */
  readonly vendor: string;
  /** Types only; never there at run time. */
  readonly types?: {
    /** What goes in. */
    readonly input: Input;
    /** What comes out. */
    readonly output: Output;
  } | undefined;
  /** Checks a value. */
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** Writes the schema down as JSON Schema; throws when it cannot be expressed. */
  readonly jsonSchema: {
    /** The schema of what goes in. */
    readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
  };
}

/** A schema of zod (4.2 or later), ArkType or any other library that implements both standards. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The standard's members. */
  readonly "~standard": StandardSchemaProps<Input, Output>;
}

/** The type a schema's check takes. */
export type StandardInput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["input"];

/** The type a schema's check gives. */
export type StandardOutput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["output"];
