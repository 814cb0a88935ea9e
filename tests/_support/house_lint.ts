/**
 * Lint rules of the house for the published files (`mod.ts`, `src/`, `local/`); other files pass.
 *
 * `deno lint` loads it from deno.json, so editors show it; the style test runs it too and, unlike
 * the linter, ignores `deno-lint-ignore`.
 *
 * @module
 */

import { relative } from "node:path";
import { checkoutRoot } from "./checkout.ts";

const NO_ENV = "Take the value as an option: a library does not read the environment";
const NO_CONSOLE = "A library is silent: emit an event or throw";

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "no-ambient-env": rule((context) => ({
      'MemberExpression[object.name="Deno"][property.name="env"]': report(context, NO_ENV),
      'MemberExpression[object.name="process"][property.name="env"]': report(context, NO_ENV),
      'ImportDeclaration[source.value="node:process"]': report(context, NO_ENV),
    })),
    "no-any": rule((context) => ({
      TSAnyKeyword: report(context, "Use `unknown` and narrow it"),
    })),
    "no-console": rule((context) => ({
      'MemberExpression[object.name="console"]': report(context, NO_CONSOLE),
      'MemberExpression[object.name="globalThis"][property.name="console"]': report(
        context,
        NO_CONSOLE,
      ),
    })),
    "no-double-cast": rule((context) => ({
      "TSAsExpression > TSAsExpression": report(
        context,
        "Narrow the value instead of casting twice",
      ),
    })),
    "no-top-level-await": rule((context) => ({
      AwaitExpression: (node) => reportIfTopLevel(context, node),
      "ForOfStatement[await=true]": (node: Deno.lint.Node) => reportIfTopLevel(context, node),
    })),
    "no-ts-directive": rule((context) => ({
      Program: () => {
        for (const comment of context.sourceCode.getAllComments()) {
          if (!/^\W*@ts-(ignore|expect-error|nocheck)\b/.test(comment.value)) continue;
          context.report({ range: comment.range, message: "Mend the type instead of hiding it" });
        }
      },
    })),
  },
};

export default plugin;

/** A rule that looks at published files only. */
function rule(
  visitor: (context: Deno.lint.RuleContext) => Deno.lint.LintVisitor,
): Deno.lint.Rule {
  return {
    create: (context) =>
      /^(mod\.ts|(src|local)\/.*)$/.test(relative(checkoutRoot, context.filename)) ? visitor(context) : {},
  };
}

function report(context: Deno.lint.RuleContext, message: string): (node: Deno.lint.Node) => void {
  return (node) => context.report({ node, message });
}

function reportIfTopLevel(context: Deno.lint.RuleContext, node: Deno.lint.Node): void {
  const ancestors = context.sourceCode.getAncestors(node);
  if (ancestors.some((ancestor) => /Function/.test(ancestor.type))) return;
  context.report({ node, message: "Importing the package does no work: no top-level await" });
}
