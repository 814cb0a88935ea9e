/** Options of the Anthropic driver. */

import type { FetchFunction } from "../../kit/provider/transport.ts";

/** Options of the Anthropic driver. */
export interface AnthropicDriverOptions {
  /**
   * Sends the requests; replace it to record, replay or route them.
   *
   * It gets the final headers, the key included.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: FetchFunction;
  /**
   * Headers added to every request, such as `anthropic-beta`; they win over the driver's own.
   *
   * Those that look like credentials are shown as `[secret]` by `prepare`.
   *
   * @default {{}}
   */
  readonly headers?: Readonly<Record<string, string>>;
}
