/** Options of the OpenAI drivers. */

import type { FetchFunction } from "../../kit/provider/transport.ts";
import type { DialectName } from "./dialect.ts";

/** Options of both OpenAI drivers. */
export interface OpenAIDriverOptions {
  /**
   * What the server understands beyond the common core.
   *
   * `providerMetadata.dialect` of a model wins over it.
   *
   * @default {detected from the base URL}
   */
  readonly dialect?: DialectName;
  /**
   * Sends the requests; replace it to record, replay or route them.
   *
   * It gets the final headers, the key included.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: FetchFunction;
  /**
   * Headers added to every request, such as `openai-organization`; they win over the driver's own.
   *
   * Those that look like credentials are shown as `[secret]` by `prepare`.
   *
   * @default {{}}
   */
  readonly headers?: Readonly<Record<string, string>>;
}
