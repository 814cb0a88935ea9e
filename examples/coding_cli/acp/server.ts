/** Speaks the Agent Client Protocol over standard input and output. */

import type { CliOptions } from "../host/options.ts";

/** Serves one editor until it goes. */
export function serveAcp(_options: CliOptions): Promise<number> {
  return Promise.reject(new Error("not yet"));
}
