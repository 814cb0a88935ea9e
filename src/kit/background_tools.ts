/** Which tools may run in the background. */

import type { ToolDefinition } from "../records/tool.ts";

/** The name of the tool that starts others, and never itself. */
export const SPAWN_BACKGROUND = "spawn_background";

/** Whether a tool may run in the background: it says so, and nobody has to agree to each of its calls. */
export function runsInBackground({ type, name, hints, policy }: ToolDefinition): boolean {
  return type === "builtin" && hints?.supportsBackground === true && policy !== "requires_approval" &&
    name !== SPAWN_BACKGROUND;
}
