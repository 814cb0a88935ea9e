/** One model call: tries, retries, and the pieces of the reply. */

import { ProviderError } from "../errors.ts";
import type { ImagePart, ReasoningPart } from "../records/content.ts";
import type { MessageId } from "../records/ids.ts";
import type { Driver, ModelEvent, ModelRequest } from "../ports/driver.ts";
import { lazy } from "../kit/lazy.ts";
import type { Mutable } from "../kit/mutable.ts";
import type { RawCall } from "./call_parts.ts";
import type { DeltaTarget } from "./live_events.ts";
import type { ModelCallResult, OutputGuard, Reply } from "./model_reply.ts";
import type { TurnRun } from "./turn_run.ts";

/** Characters by which a streamed answer grows at least before it is looked at again. */
const LOOK_EVERY = 200;

const trying = lazy(() => import("./trying_again.ts"));

/** Calls the model until a reply is complete, the retries are used up, or the turn is interrupted. */
export async function callModel(
  run: TurnRun,
  driver: Driver,
  request: ModelRequest,
  messageId: MessageId,
  guard?: OutputGuard,
): Promise<ModelCallResult> {
  const { clock } = run.ports;
  const startedAt = clock.monotonic();
  let totalWaitMs = 0;
  for (let tries = 1;; tries++) {
    const attempt = new Attempt(run, messageId, startedAt, guard);
    const retried = () => tries === 1 ? undefined : { attempts: tries - 1, totalWaitMs };
    try {
      const reply = await attempt.consume(driver, request);
      return { ok: true, reply, durationMs: clock.monotonic() - startedAt, retry: retried() };
    } catch (error) {
      if (run.interrupts.interrupted) throw run.interrupts.reason;
      const elapsedMs = clock.monotonic() - startedAt;
      const seen = attempt.visible ? messageId : undefined;
      const decision = await (await trying()).beforeNextTry(run, { error, tries, elapsedMs }, seen);
      if (decision.type === "fail") {
        return { ok: false, error: decision.error, durationMs: elapsedMs, retry: retried() };
      }
      totalWaitMs += decision.waitMs;
    }
  }
}

/** One try: reads the stream until its terminal event. */
class Attempt {
  readonly #run: TurnRun;
  readonly #startedAt: number;
  readonly #target: DeltaTarget;
  readonly #images: ImagePart[] = [];
  readonly #reasoning: ReasoningPart[] = [];
  readonly #calls: RawCall[] = [];
  #text = "";
  #thinking = "";
  #signature: string | undefined;
  #characters = 0;
  #events = 0;
  #firstTextAt: number | undefined;
  #over = false;
  #complete: Reply | undefined;
  readonly #guard: OutputGuard | undefined;
  #checked = 0;
  #lookAt: number;

  constructor(run: TurnRun, messageId: MessageId, startedAt: number, guard: OutputGuard | undefined) {
    this.#guard = guard;
    this.#lookAt = guard === undefined ? Infinity : LOOK_EVERY;
    this.#run = run;
    this.#startedAt = startedAt;
    this.#target = {
      sessionId: run.sessionId,
      turnId: run.state.turnId,
      messageId,
      context: run.eventContext,
    };
  }

  /** Whether a subscriber may have seen something of this try. */
  get visible(): boolean {
    return this.#text !== "" || this.#thinking !== "";
  }

  /** Reads the whole reply. */
  async consume(driver: Driver, request: ModelRequest): Promise<Reply> {
    const { limits } = this.#run.ports;
    const stop = new StreamStop(this.#run);
    const stalled = this.#run.watchdog.arm(limits.providerStallMs, () => {
      stop.now(new ProviderError("provider_unavailable", stallText(limits.providerStallMs), { retryable: true }));
    });
    const total = this.#run.watchdog.arm(limits.providerTotalMs, () => {
      stop.now(
        new ProviderError("provider_unavailable", `The model stream took longer than ${limits.providerTotalMs} ms`),
      );
    });
    try {
      return await stop.race(() => this.#read(driver.stream(request, stop), stalled));
    } catch (error) {
      // A driver that cannot clean up after a complete reply does not spoil it.
      if (this.#complete !== undefined && !this.#run.interrupts.interrupted) return this.#complete;
      throw error;
    } finally {
      this.#over = true;
      stalled.cancel();
      total.cancel();
      stop.done();
    }
  }

  async #read(stream: AsyncIterable<ModelEvent>, stalled: { touch(): void }): Promise<Reply> {
    for await (const event of stream) {
      // A stream that was given up may still deliver: nothing of it may be seen.
      if (this.#over) break;
      stalled.touch();
      if (++this.#events > this.#run.ports.limits.maxStreamEvents) throw tooLarge("events");
      switch (event.type) {
        case "text":
          if (this.#text.length + event.delta.length >= this.#lookAt) {
            const replaced = await this.#look(this.#text + event.delta);
            if (replaced !== undefined) return replaced;
          }
          this.#addText(event.delta);
          break;
        case "thinking":
          this.#addThinking(event.delta);
          break;
        case "thinking_signature":
          this.#count(event.signature.length);
          this.#signature = event.signature;
          break;
        case "image":
          this.#addImage(event.image);
          break;
        case "reasoning_item":
          this.#count(sizeOf(event.item, this.#run.ports.limits.maxReplyCharacters));
          this.#reasoning.push(event.item);
          this.#run.live("reason.item", {
            turnId: this.#target.turnId,
            provider: event.item.provider,
            ...(event.item.itemId === undefined ? {} : { itemId: event.item.itemId }),
          });
          break;
        case "tool_call":
          this.#count(sizeOf(event, this.#run.ports.limits.maxReplyCharacters));
          this.#calls.push({
            providerCallId: event.providerCallId,
            name: String(event.name),
            arguments: event.arguments,
          });
          break;
        case "activity":
          break;
        case "done": {
          const done = checkedDone(event);
          const replaced = this.#guard === undefined ? undefined : await this.#look(this.#text, done);
          return replaced ?? (this.#complete = this.#reply(done));
        }
      }
    }
    throw new ProviderError("provider_unavailable", "The model stream ended before the reply was complete", {
      retryable: true,
    });
  }

  /** The reply that takes the place of this one, if the guard wants one. */
  async #look(text: string, done?: Reply["done"]): Promise<Reply | undefined> {
    const complete = done !== undefined;
    const replacement = await this.#guard?.({ text, thinking: this.#thinking, checked: this.#checked, complete });
    this.#checked = text.length;
    // Longer answers are looked at in longer steps, so that looking costs no more than a few readings of the whole.
    this.#lookAt = text.length + Math.max(LOOK_EVERY, text.length >> 3);
    if (replacement === undefined) return undefined;
    const { text: shown, ...replaced } = replacement;
    // Without the response's id: what it holds must not come back with the next request.
    const { responseId: _, ...kept } = done ?? { type: "done" as const };
    return this.#complete = {
      ...this.#reply({ ...kept, finishReason: "content_filter" }),
      text: shown,
      thinking: "",
      thinkingSignature: undefined,
      reasoning: [],
      calls: [],
      replaced,
    };
  }

  #addText(delta: string): void {
    if (delta === "") return;
    this.#firstTextAt ??= this.#run.ports.clock.monotonic();
    const offset = this.#text.length;
    this.#count(delta.length);
    this.#text += delta;
    this.#run.ports.live.delta("output.message.delta", this.#target, delta, offset);
  }

  #addThinking(delta: string): void {
    if (delta === "") return;
    if (this.#thinking === "") this.#run.live("reason.thinking.started", { turnId: this.#target.turnId });
    const offset = this.#thinking.length;
    this.#count(delta.length);
    this.#thinking += delta;
    this.#run.ports.live.delta("reason.thinking.delta", this.#target, delta, offset);
  }

  /** Keeps the texts of an image; one without bytes and address is none. */
  #addImage(image: Partial<ImagePart> | null | undefined): void {
    const part: Mutable<ImagePart> = { type: "image" };
    for (const key of ["url", "base64", "mediaType"] as const) {
      const text: unknown = image?.[key];
      if (typeof text !== "string") continue;
      this.#count(text.length);
      part[key] = text;
    }
    if (part.url !== undefined || part.base64 !== undefined) this.#images.push(Object.freeze(part));
  }

  #count(characters: number): void {
    this.#characters += characters;
    // Not a number when a driver counts nothing as text.
    if (!(this.#characters <= this.#run.ports.limits.maxReplyCharacters)) throw tooLarge("characters");
  }

  #reply(done: Reply["done"]): Reply {
    if (this.#thinking !== "") this.#run.live("reason.thinking.completed", { turnId: this.#target.turnId });
    return {
      text: this.#text,
      thinking: this.#thinking,
      thinkingSignature: this.#signature,
      images: this.#images,
      reasoning: this.#reasoning,
      calls: this.#calls,
      done,
      timeToFirstTokenMs: this.#firstTextAt === undefined ? undefined : this.#firstTextAt - this.#startedAt,
      firstTextAt: this.#firstTextAt,
    };
  }
}

/** Ends one stream: by the turn's interruption or by a deadline. The signal is made when a driver asks for it. */
class StreamStop {
  readonly #run: TurnRun;
  readonly #off: () => void;
  #controller: AbortController | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #reason: unknown;
  #stopped = false;

  constructor(run: TurnRun) {
    this.#run = run;
    this.#off = run.interrupts.onInterrupt((reason) => this.now(reason));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  now(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#reject?.(reason);
  }

  /** Begins nothing when it is too late already. */
  race<T>(begin: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(this.#reason);
      this.#reject = reject;
      begin().then(resolve, reject);
    });
  }

  done(): void {
    this.#off();
    this.#reject = undefined;
    // The driver lets go of its connection also when the stream was given up in the middle.
    if (this.#controller !== undefined) this.now(new ProviderError("provider_unavailable", "The model stream is over"));
    this.#stopped = true;
  }
}

/** The terminal event with what is no number or text left out: it is stored and added up. */
function checkedDone(done: Reply["done"]): Reply["done"] {
  const { finishReason, usage, responseId, model } = done;
  const texts = [finishReason, responseId ?? "", model ?? ""];
  const numbers = usage === undefined ? [] : Object.values(usage);
  if (
    texts.every((value) => typeof value === "string") &&
    numbers.every((value) => value === undefined || Number.isFinite(value)) &&
    (usage === undefined || Number.isFinite(usage.inputTokens) && Number.isFinite(usage.outputTokens))
  ) return done;
  return { type: "done", finishReason: typeof finishReason === "string" ? finishReason : "" };
}

/** Characters of a value, roughly; no more than just over a limit is counted, so that a cycle ends too. */
function sizeOf(value: unknown, limit: number): number {
  const open = [value];
  let size = 0;
  while (open.length > 0 && size <= limit) {
    const next = open.pop();
    size += typeof next === "string" ? next.length : 1;
    if (typeof next !== "object" || next === null) continue;
    for (const [key, member] of Object.entries(next)) {
      size += key.length;
      open.push(member);
    }
  }
  return size;
}

function stallText(milliseconds: number): string {
  return `The model stream was silent for ${milliseconds} ms`;
}

function tooLarge(what: string): ProviderError {
  return new ProviderError("provider_unavailable", `The model's reply has more ${what} than a reply may have`);
}
