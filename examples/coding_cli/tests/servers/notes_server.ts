/**
 * A small MCP server over stdio: one tool that only reads, one that writes, and what it finds in its environment.
 *
 * @module
 */

import { McpServer } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const server = new McpServer({ name: "notes", version: "1.0.0" });
server.registerTool("find_note", {
  description: "Finds a note.",
  inputSchema: z.object({ word: z.string() }),
  annotations: { readOnlyHint: true },
}, ({ word }) => ({ content: [{ type: "text", text: `a note about ${word}, kept in ${Deno.args[0]}` }] }));
server.registerTool("write_note", {
  description: "Writes a note.",
  inputSchema: z.object({ text: z.string() }),
}, ({ text }) => ({ content: [{ type: "text", text: `wrote ${text}` }] }));
await server.connect(new StdioServerTransport());
