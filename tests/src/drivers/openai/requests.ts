/**
 * Requests for tests.
 *
 * @module
 */

import type { ModelRequest } from "../../../../src/ports/driver.ts";

/** A request with one question; other members replace its own. */
export function requestOf(members: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "gpt-5.5",
    systemPrompt: "Be brief.",
    messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
    tools: [],
    metadata: {},
    ...members,
  };
}
