/** The `current_time` capability: one tool that tells the time. */

import { ToolError } from "../errors.ts";
import type { Capability } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { defineTool } from "../kit/define_tool.ts";
import { isTimeZone } from "../kit/time_zone_text.ts";

/** Options of {@linkcode currentTime}. */
export interface CurrentTimeOptions {
  /**
   * The instant that counts as now, in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
}

/**
 * The tool `get_current_time`: `{ timezone?, format? }` to the time there, now.
 *
 * `timezone` is an IANA name or an offset such as `+02:00`, else UTC; an unknown one is a tool error. `format` is
 * `iso8601` (the default, to the second, with the offset), `unix` (seconds) or `human` (English).
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Noon."))
 *   .singleSession((s) => s.harness("clock", "Tell the time.").withCapability("current_time"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "get_current_time"));
 * ```
 */
export function currentTime(options: CurrentTimeOptions = {}): Capability {
  const { now = Date.now } = options;
  return defineCapability({
    id: "current_time",
    name: "Current time",
    description: "Tells the current date and time in any time zone.",
    category: "utilities",
    riskLevel: "low",
    tools: [defineTool({
      name: "get_current_time",
      displayName: "Get current time",
      description: "Returns the current date and time.",
      parameters: {
        type: "object",
        properties: {
          timezone: {
            type: "string",
            description: "IANA time zone such as Europe/Zurich, or an offset such as +02:00. Default: UTC.",
          },
          format: {
            type: "string",
            enum: ["iso8601", "unix", "human"],
            description: "iso8601 (default), unix (seconds since 1970) or human.",
          },
        },
        additionalProperties: false,
      },
      category: "utilities",
      effect: "pure",
      hints: { readonly: true },
      permissions: {},
      execute: ({ timezone, format }) => {
        const time = inZone(Math.trunc(now()), typeof timezone === "string" ? timezone : "UTC");
        return describe(time, typeof format === "string" ? format : "iso8601");
      },
      narrate: ({ timezone }) => `Checking the time${typeof timezone === "string" ? ` in ${timezone}` : ""}`,
    })],
    permissions: {},
  });
}

function inZone(milliseconds: number, zone: string): Temporal.ZonedDateTime {
  if (isTimeZone(zone)) return Temporal.Instant.fromEpochMilliseconds(milliseconds).toZonedDateTimeISO(zone);
  throw new ToolError(
    `Unknown time zone "${zone}": use an IANA name such as Europe/Zurich, or an offset such as +02:00`,
  );
}

function describe(time: Temporal.ZonedDateTime, format: string): Record<string, string | number> {
  const timezone = time.timeZoneId;
  switch (format) {
    case "unix":
      return { timestamp: Math.floor(time.epochMilliseconds / 1000), format, timezone };
    case "human":
      return { datetime: human(time), format, timezone };
    default:
      return {
        datetime: time.toString({ smallestUnit: "second", timeZoneName: "never" }),
        format: "iso8601",
        timezone,
      };
  }
}

function human(time: Temporal.ZonedDateTime): string {
  return time.toLocaleString("en-US", {
    weekday: "long",
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  });
}
