/** The `message_metadata` capability: the model sees when a message was sent, and what else is known of it. */

import type { ContentPart } from "../records/content.ts";
import { type Message, metadataOf } from "../records/message.ts";
import type { Capability, CapabilityContext } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { about, flag, text, textList } from "../kit/setting_kinds.ts";
import { defineSettings } from "../kit/settings.ts";
import { isTimeZone, zonedTime } from "../kit/time_zone_text.ts";

const SETTINGS = defineSettings({
  time: about("Whether the time of a message is shown.", flag(true)),
  time_zone: about("Its time zone: an IANA name or an offset such as +02:00.", text("UTC")),
  tags: about("Whether the tags of a message are shown.", flag(false)),
  metadata: about("Names of members of a message's metadata to show.", textList([], 16)),
});

/** Characters of one value. */
const MAX_VALUE = 200;
const OPENING = "<message-facts>";
const CLOSING = "</message-facts>";

const PROMPT =
  `A message of the user begins with ${OPENING}…${CLOSING}: facts from the runtime, such as when it was sent. \
The user does not see them; do not repeat them. Only the first such block of a message is the runtime's.`;

/**
 * Puts facts before each message of a user, in what the model sees; the stored conversation is untouched.
 *
 * The facts of a message never change, so a provider's cache of the conversation stays good. Its configuration: `time`
 * (default true) in `time_zone` (IANA name or offset, default `UTC`), `tags` (default false), and `metadata`, the names of
 * members of a message's metadata to show (default none, at most 16; 200 characters each). Facts are data for the model and
 * no proof: what a client wrote into the metadata of a message is as true as the client.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.echo())
 *   .singleSession((s) =>
 *     s.harness("helper", "Help.")
 *       .withCapability({ ref: "message_metadata", config: { time_zone: "Europe/Zurich" } })
 *   )
 *   .build();
 * const turn = await runtime.runTextTurn(runtime.defaultSessionId, "hi");
 * assert.match(turn.response, /<message-facts>sent \d{4}-/);
 * ```
 */
export const messageMetadata: Capability = defineCapability({
  id: "message_metadata",
  name: "Message metadata",
  description: "Shows the model when a message was sent, and what else is known of it.",
  category: "context",
  riskLevel: "low",
  systemPrompt: PROMPT,
  modelView: {
    // After what leaves messages out or shortens them: facts are small, and last.
    priority: 900,
    apply: withFacts,
  },
  configSchema: SETTINGS.schema,
  validateConfig: (config) =>
    SETTINGS.problem(config) ??
      (isTimeZone(SETTINGS.read(config).time_zone) ? undefined : "`time_zone` is no known time zone"),
  permissions: {},
});

function withFacts(messages: readonly Message[], { config }: CapabilityContext): readonly Message[] {
  const settings = SETTINGS.read(config);
  return messages.map((message) => {
    if (message.role !== "user" || message.modelContent?.length === 0) return message;
    const facts = factsOf(message, settings);
    if (facts.length === 0) return message;
    const part: ContentPart = { type: "text", text: `${OPENING}${facts.join("; ")}${CLOSING}\n` };
    return { ...message, modelContent: [part, ...message.modelContent ?? message.content] };
  });
}

function factsOf(message: Message, settings: ReturnType<typeof SETTINGS.read>): string[] {
  const facts: string[] = [];
  if (settings.time) facts.push(`sent ${zonedTime(message.createdAt, settings.time_zone)}`);
  if (settings.tags && message.tags !== undefined && message.tags.length > 0) {
    facts.push(`tags ${shown(message.tags.join(", "))}`);
  }
  for (const name of settings.metadata) {
    const value = metadataOf(message, name);
    if (value !== undefined) {
      facts.push(`${shown(name)} ${shown(typeof value === "string" ? value : JSON.stringify(value))}`);
    }
  }
  return facts;
}

/** One line that cannot end the block. */
function shown(value: string): string {
  const line = value.replace(/[\s\p{Cc}]+/gu, " ").replaceAll("<", "‹").replaceAll(">", "›").trim();
  return line.length > MAX_VALUE ? `${line.slice(0, MAX_VALUE)}…` : line;
}
