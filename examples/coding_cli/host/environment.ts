/** The environment of the program, read name by name, so that each grant can be as small as what is used. */

/** Reads variables and remembers which were asked for. */
export class Environment {
  readonly #get: (name: string) => string | undefined;
  readonly #isGranted: (name: string) => boolean;

  constructor(
    get: (name: string) => string | undefined = (name) => Deno.env.get(name),
    isGranted: (name: string) => boolean = (name) =>
      Deno.permissions.querySync({ name: "env", variable: name }).state === "granted",
  ) {
    this.#get = get;
    this.#isGranted = isGranted;
  }

  /** The value; undefined when it is not set, empty, or may not be read. */
  get(name: string): string | undefined {
    if (!this.#isGranted(name)) return undefined;
    const value = this.#get(name);
    return value === "" ? undefined : value;
  }

  /** Those of some names that may not be read. */
  refused(names: readonly string[]): readonly string[] {
    return names.filter((name) => !this.#isGranted(name));
  }
}
