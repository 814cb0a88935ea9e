/** The status line: which model works where, and what it has used. */

import { effectiveCostUsd } from "@everruns/runtime";
import { count, dollars } from "./quantities.ts";
import { oneLine } from "./sanitize.ts";
import type { Screen } from "./screen.ts";
import { type Line, span } from "./spans.ts";
import { fitLine } from "./wrap.ts";

/** The facts in one row; the last ones go first when the terminal is narrow. */
export function statusLine(screen: Screen, width: number): Line {
  const { facts, contextTokens, usage } = screen;
  const tasks = Object.keys(screen.tasks).length;
  const cost = effectiveCostUsd(usage);
  const parts = [
    ...(facts === undefined
      ? []
      : [facts.effort === undefined ? facts.model : `${facts.model} ${facts.effort}`, `approval ${facts.approval}`]),
    ...(tasks === 0 ? [] : [`${tasks} in background`]),
    ...(contextTokens === 0 ? [] : [`context ${count(contextTokens)}`]),
    ...(cost === undefined ? [] : [dollars(cost)]),
    ...(facts === undefined ? [] : [facts.workspace]),
    ...(screen.title === undefined ? [] : [screen.title]),
  ];
  return fitLine([span(parts.map((part) => oneLine(part)).join(" · "), { dim: true })], width);
}
