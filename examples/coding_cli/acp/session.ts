/** One conversation of an editor. */

import {
  type AgentContext,
  type AvailableCommand,
  type ContentBlock,
  RequestError,
  type RequestPermissionRequest,
  type SessionUpdate,
  type StopReason,
} from "@agentclientprotocol/sdk";
import type { TurnResult } from "@everruns/runtime";
import type { ApprovalDecision, ApprovalQuestion } from "../interactive_host.ts";
import type { CodingHost } from "../host/coding_host.ts";
import { previewChange } from "../host/question.ts";
import { promptContent } from "./prompt_content.ts";
import { diffContent, textContent, viewOf } from "./tool_call_view.ts";
import { UpdateMapper } from "./updates.ts";

/** Commands that mean nothing in an editor, which has its own ways to begin and to end. */
const NOT_HERE: ReadonlySet<string> = new Set(["clear", "quit"]);

const OPTIONS = [
  { optionId: "once", name: "Allow", kind: "allow_once" },
  { optionId: "always", name: "Always allow in this session", kind: "allow_always" },
  { optionId: "deny", name: "Reject", kind: "reject_once" },
] as const;

/** A turn failed; the editor is told the message. */
export class FailedTurn extends Error {
  override readonly name = "FailedTurn";
}

/** Sends what happens in a host's session, and runs its prompts. */
export class AcpSession implements AsyncDisposable {
  readonly host: CodingHost;
  readonly #client: AgentContext;
  readonly #mapper: UpdateMapper;
  readonly #stopListening: () => void;
  /** Updates go out in order; a prompt is answered when all of its own are out. */
  #sent: Promise<void> = Promise.resolve();
  /** How often the editor cancelled. */
  #cancels = 0;
  /** What the log was told of; servers that do not start are warned of again and again. */
  readonly #warned = new Set<string>();
  /** Prompts whose answer tells how their turn ended. */
  #prompts = 0;

  constructor(host: CodingHost, client: AgentContext) {
    this.host = host;
    this.#client = client;
    const { workspace } = host.settings.folders;
    this.#mapper = new UpdateMapper({ workspace, takeChange: (path) => host.takeChange(path) });
    this.#stopListening = host.listen((event) => {
      if (event.sessionId !== host.sessionId) return;
      for (const update of this.#mapper.ofEvent(event)) this.#send(update);
      if (event.type === "turn.failed" && this.#prompts === 0) this.#send(said(`\n\n(${event.data.error})`));
      if (event.type === "runtime.warning") this.#warn(event.data.message);
    });
    host.onApproval((question, signal) => this.#ask(question, signal));
  }

  #warn(warning: string): void {
    if (!this.#warned.has(warning)) console.error(`coding_cli: ${warning}`);
    this.#warned.add(warning);
  }

  /** Sends the stored conversation. */
  async replay(): Promise<void> {
    for (const update of this.#mapper.ofMessages(await this.host.runtime.messages(this.host.sessionId))) {
      this.#send(update);
    }
    await this.#sent;
  }

  /** Finds out which commands there are, and tells the editor. */
  async loadCommands(): Promise<void> {
    await this.host.loadCommands();
    this.announceCommands();
  }

  /** Tells the editor which commands there are. */
  announceCommands(): void {
    const availableCommands: AvailableCommand[] = this.host.commands()
      .filter(({ name }) => !NOT_HERE.has(name))
      .map(({ name, description, argumentHint }) => ({
        name,
        description,
        ...(argumentHint === undefined ? {} : { input: { hint: argumentHint } }),
      }));
    this.#send({ sessionUpdate: "available_commands_update", availableCommands });
  }

  /**
   * Runs a prompt to its end, or a command.
   *
   * @throws {FailedTurn} when the turn fails
   */
  async prompt(blocks: readonly ContentBlock[], signal: AbortSignal): Promise<StopReason> {
    const { text, images } = promptContent(blocks);
    if (text.trim() === "" && images.length === 0) throw RequestError.invalidParams(undefined, "the prompt is empty");
    const level = this.host.desk.level;
    const cancels = this.#cancels;
    const line = await this.host.interpret(text, signal);
    if (line.type === "output") {
      this.#send(said(line.text));
      if (this.host.desk.level !== level) this.modeChanged();
      this.announceCommands();
    } else if (line.type !== "prompt") {
      this.#send(said("This command is the editor's: begin a new conversation, or close this one, there."));
    } else {
      await this.host.dropQuestion();
      // It came before there was a turn to cancel.
      if (this.#cancels !== cancels) return "cancelled";
      this.#prompts++;
      const result = await this.host.runTurn(line.text, images).finally(() => this.#prompts--);
      await this.#sent;
      return this.#stopReasonOf(result);
    }
    await this.#sent;
    return "end_turn";
  }

  /** Cancels what runs, and a prompt that is about to. */
  cancel(): void {
    this.#cancels++;
    this.host.cancel();
  }

  /** Tells the editor the approval level, which is its session's mode. */
  modeChanged(): void {
    this.#send({ sessionUpdate: "current_mode_update", currentModeId: this.host.desk.level });
  }

  /** Ends the session's work and closes its stores; it stays stored. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening();
    await this.host[Symbol.asyncDispose]();
  }

  #stopReasonOf({ status, stopReason, error, sealed }: TurnResult): StopReason {
    if (status === "failed" && stopReason !== "blocked") throw new FailedTurn(error?.message ?? "the turn failed");
    if (sealed !== undefined) this.#send(said(`\n\n(${sealed.detail ?? sealed.reason})`));
    switch (stopReason) {
      case "max_turn_requests":
      case "max_tokens":
      case "refusal":
      case "cancelled":
        return stopReason;
      case "blocked":
        return "refusal";
      default:
        return "end_turn";
    }
  }

  async #ask(question: ApprovalQuestion, signal: AbortSignal): Promise<ApprovalDecision> {
    const { runtime, sessionId, settings } = this.host;
    const { workspace } = settings.folders;
    const call = this.#mapper.call(question.toolCallId);
    const change = call === undefined
      ? undefined
      : await previewChange(runtime, sessionId, call).catch(() => undefined);
    const view = call === undefined ? { toolCallId: question.toolCallId } : viewOf(call, workspace);
    // The call must be known to the editor before it is asked about.
    await this.#sent;
    const request: RequestPermissionRequest = {
      sessionId,
      options: OPTIONS.map((option) => ({ ...option })),
      toolCall: {
        ...view,
        title: question.title,
        content: [change === undefined ? textContent(question.detail) : diffContent(change, workspace)],
      },
    };
    const { outcome } = await this.#client.request("session/request_permission", request, {
      cancellationSignal: signal,
      stopWaitingOnCancel: true,
    }).catch(async (error: unknown) => {
      // An editor that is gone has not said no: the question stands until the session is closed, and then is left open.
      if (!(error instanceof RequestError)) await aborted(signal);
      throw error;
    });
    if (outcome.outcome !== "selected") return "deny";
    return OPTIONS.find(({ optionId }) => optionId === outcome.optionId)?.optionId ?? "deny";
  }

  #send(update: SessionUpdate): void {
    const { sessionId } = this.host;
    this.#sent = this.#sent.then(() => this.#client.notify("session/update", { sessionId, update })).catch(() => {});
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function said(text: string): SessionUpdate {
  return { sessionUpdate: "agent_message_chunk", content: { type: "text", text } };
}
