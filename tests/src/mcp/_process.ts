/** A process that is none: a script answers the lines it is sent. */

import type { McpCommand, McpProcess } from "../../../src/mcp/stdio/mod.ts";

/** What a script may do. */
export interface ScriptedProcess {
  /** What was to be started. */
  readonly command: McpCommand;
  /** Writes a line, or a message as a line. */
  say(line: unknown): void;
  /** Writes raw bytes. */
  write(bytes: Uint8Array): void;
  /** Writes to the standard error. */
  complain(text: string): void;
  /** Closes its output, and goes on. */
  closeOutput(): void;
  /** Ends. */
  exit(code: number): void;
  /** Answers a request. */
  answer(request: Message, result: unknown): void;
}

/** A JSON-RPC message. */
export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** How a scripted process behaves. */
export interface Script {
  /** Told about every message. */
  readonly onMessage: (message: Message, process: ScriptedProcess) => void;
  /** Told when it starts. @default nothing */
  readonly onStart?: (process: ScriptedProcess) => void;
  /** What it does when its input is closed. @default ends with 0 */
  readonly onClose?: (process: ScriptedProcess) => void;
  /** What it does when it is asked to end; SIGKILL always ends it. @default ends */
  readonly onTerminate?: (process: ScriptedProcess) => void;
}

/** Starts scripted processes and remembers them. */
export class Processes {
  readonly started: ScriptedProcess[] = [];
  readonly signals: string[] = [];
  /** How many have not ended. */
  living = 0;
  readonly #script: (place: number) => Script;

  constructor(script: Script | ((place: number) => Script)) {
    this.#script = typeof script === "function" ? script : () => script;
  }

  /** What the connector calls. */
  readonly spawn = (command: McpCommand): McpProcess => {
    const script = this.#script(this.started.length);
    const status = Promise.withResolvers<{ code: number; signal: string | null }>();
    let isOver = false;
    const out = output();
    const err = output();
    const end = (code: number, signal: string | null): void => {
      if (isOver) return;
      isOver = true;
      this.living--;
      out.close();
      err.close();
      status.resolve({ code, signal });
    };
    const self: ScriptedProcess = {
      command,
      say: (line) =>
        self.write(new TextEncoder().encode(`${typeof line === "string" ? line : JSON.stringify(line)}\n`)),
      write: (bytes) => isOver || out.write(bytes),
      complain: (text) => isOver || err.write(new TextEncoder().encode(text)),
      closeOutput: () => out.close(),
      exit: (code) => end(code, null),
      answer: ({ id }, result) => self.say({ jsonrpc: "2.0", id, result }),
    };
    let text = "";
    const stdin = new WritableStream<Uint8Array>({
      write: (bytes) => {
        text += new TextDecoder().decode(bytes);
        const lines = text.split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) script.onMessage(JSON.parse(line), self);
      },
      close: () => (script.onClose ?? (({ exit }) => exit(0)))(self),
    });
    this.living++;
    this.started.push(self);
    script.onStart?.(self);
    return {
      pid: 1000 + this.started.length,
      stdin,
      stdout: out.stream,
      stderr: err.stream,
      status: status.promise,
      kill: (signal) => {
        this.signals.push(signal);
        if (signal === "SIGKILL" || script.onTerminate === undefined) end(143, signal);
        else script.onTerminate(self);
      },
    };
  };
}

/** Answers the handshake of the older era and lists one tool, `work`; `onCall` answers its calls. */
export function olderServer(
  onCall: (request: Message, process: ScriptedProcess) => void,
  change: Partial<Script> = {},
): Script {
  return {
    onMessage: (message, process) => {
      if (message.method === "initialize") {
        process.answer(message, {
          protocolVersion: "2025-11-25",
          capabilities: { tools: { listChanged: true } },
          serverInfo: { name: "scripted", version: "1" },
        });
      } else if (message.method === "tools/list") {
        process.answer(message, { tools: [{ name: "work", inputSchema: { type: "object" } }] });
      } else if (message.method === "tools/call") onCall(message, process);
      else if (message.id !== undefined) {
        process.say({ jsonrpc: "2.0", id: message.id, error: { code: -32601, message: "Method not found" } });
      }
    },
    ...change,
  };
}

function output(): { stream: ReadableStream<Uint8Array>; write(bytes: Uint8Array): void; close(): void } {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isOpen = true;
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => void (isOpen = false),
  });
  return {
    stream,
    write: (bytes) => void (isOpen && controller?.enqueue(bytes)),
    close: () => {
      if (isOpen) controller?.close();
      isOpen = false;
    },
  };
}
