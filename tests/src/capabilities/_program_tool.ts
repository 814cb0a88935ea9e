/** A tool that calls another one, as programs of code mode do. */

import { defineTool, type Tool } from "../../../mod.ts";
import { isJsonObject } from "../../../src/kit/json_object.ts";

/** Calls the tool that `name` names with the arguments `with`, and gives what comes of it. */
export const program: Tool = defineTool({
  name: "program",
  description: "",
  parameters: { type: "object" },
  execute: async (args, { callTool }) => {
    const given = args["with"];
    const answer = await callTool?.(String(args["name"]), isJsonObject(given) ? given : {});
    return answer?.error ?? answer?.result;
  },
});
