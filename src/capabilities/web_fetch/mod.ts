/**
 * Reading the web: the `web_fetch` capability, which a host gives to its runtime and layers switch on.
 *
 * **Permissions:** importing this module needs none. A fetch needs `--allow-net`; the private networks are refused by
 * the module itself, and a second line costs nothing:
 *
 * ```sh
 * deno run --no-prompt --allow-net \
 *   --deny-net=0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16,[::],[::1] main.ts
 * ```
 *
 * A host that names what may be visited (`hosts`) needs no more than `--allow-net=HOST` of each, without a port.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import { createWebFetch } from "@everruns/runtime/web";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .capability(createWebFetch())
 *   .llmSim(LlmSimConfig.scripted([
 *     { type: "tool_calls", toolCalls: [{ name: "web_fetch", arguments: { url: "http://169.254.169.254/" } }] },
 *     "It may not be read.",
 *   ]))
 *   .singleSession((s) => s.harness("reader", "Read the web.").withCapability("web_fetch"))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "Read the metadata");
 * assert.match(JSON.stringify(await runtime.messages(runtime.defaultSessionId)), /it leads to a private address/);
 * ```
 *
 * @module
 */

export { createWebFetch } from "./capability.ts";
export type { WebFetchOptions } from "./options.ts";
export type { ConnectTcp } from "../../kit/web/pinned_connection.ts";
export type { HostLookup } from "../../kit/web/vetted_address.ts";
