/** A tool a server lists, as a tool the runtime runs. */

import type { Tool as ListedTool } from "@modelcontextprotocol/client";
import type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { ToolDefinition, ToolEffect, ToolHints } from "../records/tool.ts";
import type { ParsedArguments, Tool, ToolContext, ToolOutcome } from "../ports/tool.ts";
import { lazy } from "../kit/lazy.ts";
import { isSchemaObject } from "../kit/object_schema.ts";
import type { Redactor } from "../kit/redactor.ts";
import type { SchemaCheck } from "../kit/schema_validator.ts";
import { copyBounded, toParameters, visibleText } from "./tool_schema.ts";

/** Longest run of a call, in milliseconds: silence is bounded more tightly. */
export const MAX_CALL_MS = 600_000;

/** What a tool needs to know beside what its server says. */
export interface McpToolOptions {
  /** The server's name in the configuration. */
  readonly server: string;
  /** The name it is offered under. */
  readonly name: string;
  /** Whether somebody must agree before it runs. */
  readonly approval: boolean;
  /** Whether what the server says about effects counts. */
  readonly trustAnnotations: boolean;
  /** Deno permissions of a call. */
  readonly permissions: PermissionNeeds;
  /** Takes credentials out of what the server says. */
  readonly redactor: Redactor;
  /** Makes the call. */
  readonly call: (tool: ListedTool, args: JsonObject, context: ToolContext) => Promise<ToolOutcome>;
}

/**
 * Makes the tool.
 *
 * @throws {TypeError} when its schema or name cannot be shown, or the server would refuse every plain call of it
 */
export function toMcpTool(listed: ListedTool, options: McpToolOptions): Tool {
  const { server, name, redactor, call } = options;
  // It cannot be hidden: the name is what the model calls.
  if (redactor.redactResult(listed.name) !== listed.name) throw new TypeError("its name holds a credential");
  if (listed.execution?.taskSupport === "required") {
    throw new TypeError("it runs only as a task, which is not supported");
  }
  const parameters = redactor.redactResult(toParameters(listed.inputSchema));
  const definition: ToolDefinition = Object.freeze({
    type: "builtin",
    name,
    ...redactor.redactResult(displayNameOf(listed)),
    description: redactor.redactResult(visibleText(listed.description ?? "")),
    parameters,
    ...(options.approval ? { policy: "requires_approval" as const } : {}),
    category: server,
    effect: options.trustAnnotations ? effectOf(listed) : "at_most_once",
    hints: hintsOf(options.trustAnnotations ? listed : { ...listed, annotations: undefined }, server, redactor),
  });
  return Object.freeze<Tool>({
    definition,
    timeoutMs: MAX_CALL_MS,
    permissions: options.permissions,
    parse: toForeignCheck(parameters),
    execute: (args, context) => call(listed, args as JsonObject, context),
  });
}

/** What repeating a call does, as far as the server says; reading only is `pure`. */
export function effectOf({ annotations }: ListedTool): ToolEffect {
  if (annotations?.readOnlyHint === true) return "pure";
  return annotations?.idempotentHint === true ? "idempotent" : "at_most_once";
}

function hintsOf({ name, annotations, _meta }: ListedTool, server: string, redactor: Redactor): ToolHints {
  const { readOnlyHint, destructiveHint, openWorldHint } = annotations ?? {};
  return {
    readonly: readOnlyHint ?? false,
    // The protocol's defaults: what says nothing may destroy, and reaches beyond the host.
    destructive: readOnlyHint === true ? false : destructiveHint ?? true,
    openWorld: openWorldHint ?? true,
    metadata: {
      mcpServer: server,
      mcpTool: name,
      ...(_meta === undefined ? {} : { mcpMeta: redactor.redactResult(copyBounded(_meta)) }),
    },
  };
}

function displayNameOf({ title, annotations }: ListedTool): { displayName?: string } {
  const shown = title ?? annotations?.title;
  return typeof shown === "string" && shown !== "" ? { displayName: visibleText(shown).slice(0, 200) } : {};
}

const validating = lazy(() => import("../kit/schema_validator.ts"));

/** Checks values against a stranger's schema; one that cannot be used refuses only what is no object. */
export function toForeignCheck(schema: JsonSchema): (input: JsonValue) => ParsedArguments | Promise<ParsedArguments> {
  let check: SchemaCheck | undefined;
  const parse = (compile: typeof import("../kit/schema_validator.ts").compileSchema, input: JsonValue) => {
    check ??= compileOr(compile, schema);
    return check(input);
  };
  return (input) => {
    if (check !== undefined) return check(input);
    const loaded = validating();
    return loaded instanceof Promise
      ? loaded.then(({ compileSchema }) => parse(compileSchema, input))
      : parse(loaded.compileSchema, input);
  };
}

/** The server checks its arguments itself, so a schema with a reference that leads outside is no reason to refuse. */
function compileOr(
  compile: typeof import("../kit/schema_validator.ts").compileSchema,
  schema: JsonSchema,
): SchemaCheck {
  try {
    return compile(schema, { foreign: true });
  } catch {
    return (input) =>
      isSchemaObject(input)
        ? { ok: true, value: input }
        : { ok: false, message: "The arguments are not a JSON object." };
  }
}
