/** Tools that a test holds and lets go, to see what runs at the same time. */

import { defineTool, type Tool, type ToolEffect } from "../../../mod.ts";

/** What happened at a gate, in order, such as `start a` and `end a`. */
export class Gate {
  /** What happened so far. */
  readonly log: string[] = [];
  /** How many are inside now. */
  inside = 0;
  /** How many were inside at the same time at most. */
  most = 0;
  readonly #held: { readonly name: string; readonly go: () => void }[] = [];
  #arrivals: { readonly count: number; readonly resolve: () => void }[] = [];

  /** Enters, waits to be let go, leaves. */
  async pass(name: string): Promise<void> {
    this.log.push(`start ${name}`);
    this.most = Math.max(this.most, ++this.inside);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.push({ name, go: resolve });
    for (const arrival of this.#arrivals) if (this.#held.length >= arrival.count) arrival.resolve();
    await promise;
    this.inside--;
    this.log.push(`end ${name}`);
  }

  /** Resolves when so many are held. */
  held(count: number): Promise<void> {
    if (this.#held.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#arrivals.push({ count, resolve }));
  }

  /** Lets one go, by name or the oldest, and waits until it is through. */
  async release(name?: string): Promise<void> {
    const at = name === undefined ? 0 : this.#held.findIndex((held) => held.name === name);
    const [held] = this.#held.splice(at, 1);
    held?.go();
    await Promise.resolve();
  }

  /** A tool that passes the gate; its argument `id` is its name there. */
  tool(name: string, options: { readonly concurrencyClass?: string; readonly effect?: ToolEffect } = {}): Tool {
    return defineTool({
      name,
      description: "",
      parameters: { type: "object", properties: { id: { type: "string" } } },
      effect: "pure",
      ...options,
      execute: async ({ id }) => {
        await this.pass(String(id ?? name));
        return `done ${id ?? name}`;
      },
    });
  }
}
