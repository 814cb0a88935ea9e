/**
 * The host: which capability, which files and which model its one session has.
 *
 * @module
 */

import { type InProcessRuntime, InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
import { weekendConcierge } from "./concierge_capability.ts";

/** What the guest says. */
export const REQUEST = "Six of us celebrate a birthday on Saturday, outdoors if possible. Where should we go?";

/** A model that looks a spot up and recommends what it found. */
export const SIMULATED: LlmSimConfig = LlmSimConfig.scripted([
  {
    type: "tool_calls",
    toolCalls: [{
      name: "lookup_neighborhood_spot",
      arguments: { occasion: "birthday", group_size: 6, vibe: "outdoors" },
    }],
  },
  "Go to Lantern Yard and book the table under the fig tree. If it is taken, Tideline Terrace has sun until four.",
]);

/**
 * Builds the concierge on a simulated model; with a live one, only `llmSim()` becomes `defaultModel()`.
 *
 * The house rules come with the harness and no tool may change them; the guest's notes belong to the session.
 */
export function buildConcierge(model: LlmSimConfig = SIMULATED): Promise<InProcessRuntime> {
  return new InProcessRuntimeBuilder()
    .strict() // A mistyped capability, or a wrong setting, ends build() instead of being left out.
    .capability(weekendConcierge)
    .llmSim(model)
    .singleSession((session) =>
      session
        .harness("weekend_concierge", "You are the concierge of a small neighbourhood. Be brief and concrete.")
        .withCapability("weekend_concierge")
        .harnessInitialFile({
          path: "/workspace/house_brief.md",
          content: "# House brief\n\nTwo suggestions at most. Never promise a table.\n",
          isReadonly: true,
        })
        .sessionInitialFile({ path: "/workspace/guest_notes.md", content: "One of the guests is allergic to nuts.\n" })
        .sessionTitle("Saturday")
    )
    .build();
}
