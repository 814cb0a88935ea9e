/**
 * Stores over a database in a temporary folder, each with a connection of its own.
 *
 * @module
 */

import { join } from "node:path";
import { Connection } from "../../../local/sqlite/connection.ts";
import { type TempFolder, tempFolder } from "../_support/temp_folder.ts";

interface Opened {
  readonly folder: TempFolder;
  readonly connection: Connection;
  readonly isFirst: boolean;
}

/** The functions a part of the conformance suite wants; two stores over one folder stand for two processes. */
export class OpenedStores<T extends object> {
  readonly #make: (connection: Connection) => T;
  readonly #opened = new WeakMap<T, Opened[]>();

  /** Makes stores by a function. */
  constructor(make: (connection: Connection) => T) {
    this.#make = make;
  }

  /** A store over a folder of its own. */
  readonly create = (): T => this.#open(tempFolder(), true);

  /** A further store over the folder of another. */
  readonly reopen = (first: T): T => this.#open(this.#opened.get(first)![0]!.folder, false);

  /** A store whose calls go in turn to two stores over one folder. */
  readonly createPair = (): T => {
    const stores = [this.create()];
    stores.push(this.reopen(stores[0]!));
    let calls = 0;
    const pair = new Proxy(stores[0]!, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          const store = stores[calls++ % 2]!;
          return Reflect.apply(Reflect.get(store, name) as () => unknown, store, args);
        };
      },
    });
    this.#opened.set(pair, stores.flatMap((store) => this.#opened.get(store)!));
    return pair;
  };

  /** Closes a store, and removes the folder with the first one. */
  readonly close = (store: T): void => {
    const opened = this.#opened.get(store)!;
    for (const { connection } of opened) connection.close();
    for (const { folder, isFirst } of opened) if (isFirst) folder[Symbol.dispose]();
  };

  #open(folder: TempFolder, isFirst: boolean): T {
    const connection = openStore(folder);
    const store = this.#make(connection);
    this.#opened.set(store, [{ folder, connection, isFirst }]);
    return store;
  }
}

/** Opens the database of a folder; the tests end by no power loss. */
export function openStore(folder: TempFolder): Connection {
  return Connection.open(join(folder.path, "local.db"), { durability: "process-crash" });
}
