/**
 * A folder to keep data in while a test runs, on the disk of the checkout.
 *
 * @module
 */

import { join } from "node:path";

/** A temporary folder that is removed when it goes out of scope. */
export interface TempFolder extends Disposable {
  /** Absolute path. */
  readonly path: string;
}

/** Makes a folder under `.tmp`, the one place the tests of `local` may read and write. */
export function tempFolder(): TempFolder {
  const dir = join(Deno.cwd(), ".tmp");
  Deno.mkdirSync(dir, { recursive: true });
  const path = Deno.makeTempDirSync({ dir, prefix: "test-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
