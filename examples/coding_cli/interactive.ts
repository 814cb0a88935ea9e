/** The interactive terminal: what the user types goes to the host, what happens is folded into a screen and painted. */

import type {
  ApprovalDecision,
  ApprovalQuestion,
  HostFacts,
  InteractiveHost,
  SubmitOutcome,
} from "./interactive_host.ts";
import { toAnsi } from "./screen/ansi.ts";
import { foldScreen } from "./screen/fold.ts";
import { isAnimated, liveLines, SPINNER_MS } from "./screen/live_lines.ts";
import { emptyScreen, type Screen } from "./screen/screen.ts";
import type { ScreenInput } from "./screen/screen_input.ts";
import { EMPTY_LINE, type Line } from "./screen/spans.ts";
import { unprintedLines } from "./screen/unprinted_lines.ts";
import { lineWidth } from "./screen/wrap.ts";
import { editorOf } from "./terminal/editor.ts";
import { type Key, KeyParser } from "./terminal/keys.ts";
import { Painter } from "./terminal/painter.ts";
import { emptyPrompt, pressKey, type Prompt, type PromptAction, promptView } from "./terminal/prompt.ts";
import type { Terminal } from "./terminal/terminal.ts";

export interface InteractiveOptions {
  /** Whether to leave colours out, as for NO_COLOR. @default {false} */
  readonly noColor?: boolean;
  /** What was typed in earlier runs, oldest first. @default none */
  readonly history?: readonly string[];
  /** Told of every line that is sent, to keep it for later runs. @default nobody */
  readonly onLine?: (line: string) => void;
  /** What is printed at the end, such as how to go on with the session. @default nothing */
  readonly farewell?: (facts: HostFacts) => string;
  /** The time, in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** How long after an escape more of a sequence may come; milliseconds. */
const ESCAPE_MS = 50;
/** The shortest time between two repaints that no key asked for; milliseconds. */
const FRAME_MS = 33;
/** What Ctrl+C comes to where only events of a turn are seen. */
const ELSEWHERE = "This turn runs in another terminal or editor and is cancelled there; Ctrl+D leaves";
/** A key that comes sooner after a question was shown was not meant for it; milliseconds. */
const MEANT_MS = 300;
/** Who typed so recently goes on with it, whatever came up on the screen meanwhile; milliseconds. */
const TYPING_MS = 1_000;

/**
 * Runs until the user leaves, the terminal is gone, or the host's events fail.
 *
 * Nothing wakes the process while no turn runs and no key is pressed.
 *
 * @throws whatever {@linkcode InteractiveHost.events} fails with
 */
export async function runInteractive(
  host: InteractiveHost,
  terminal: Terminal,
  options: InteractiveOptions = {},
): Promise<void> {
  using session = new InteractiveSession(host, terminal, options);
  await session.run();
}

class InteractiveSession implements Disposable {
  readonly #host: InteractiveHost;
  readonly #terminal: Terminal;
  readonly #options: InteractiveOptions;
  readonly #now: () => number;
  readonly #painter: Painter;
  readonly #keys = new KeyParser();
  readonly #ending = new AbortController();
  readonly #submits = new Set<AbortController>();
  readonly #answers = new Map<string, (decision: ApprovalDecision) => void>();
  #screen: Screen;
  #prompt: Prompt;
  /** Blocks that were printed or passed over, from the first of the conversation on. */
  #printed = 0;
  /** The event that ends what an earlier run stored: printing begins when it was read. */
  #replayUntil: number | undefined;
  /** Whether the next blocks to print are those of an earlier run. */
  #isReplayed = false;
  #lastSubmit = 0;
  /** When the first of the open questions was put in front of the user. */
  #askedAt = 0;
  /** When a key last was for the input. */
  #typedAt = 0;
  #paintedAt = 0;
  #frame: ReturnType<typeof setTimeout> | undefined;
  #spin: ReturnType<typeof setTimeout> | undefined;
  #escape: ReturnType<typeof setTimeout> | undefined;

  constructor(host: InteractiveHost, terminal: Terminal, options: InteractiveOptions) {
    this.#host = host;
    this.#terminal = terminal;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#painter = new Painter((text) => terminal.write(text));
    this.#screen = emptyScreen(host.facts());
    this.#prompt = emptyPrompt(options.history);
  }

  async run(): Promise<void> {
    this.#host.onApproval((question, signal) => this.#ask(question, signal));
    this.#host.onFacts(() => this.#fold({ type: "facts", facts: this.#host.facts() }));
    this.#terminal.onResize(() => this.#paint());
    this.#replayUntil = await this.#host.storedUntil() || undefined;
    this.#paint();
    const over = new Promise<void>((resolve) => {
      const end = (): void => resolve();
      if (this.#terminal.closed.aborted) end();
      this.#terminal.closed.addEventListener("abort", end, { signal: this.#ending.signal });
      this.#ending.signal.addEventListener("abort", end);
    });
    await Promise.race([over, this.#readEvents(), this.#readKeys()]);
  }

  /** Leaves the transcript as it is, without the region below it. */
  [Symbol.dispose](): void {
    this.#ending.abort();
    clearTimeout(this.#frame);
    clearTimeout(this.#spin);
    clearTimeout(this.#escape);
    for (const submit of this.#submits) submit.abort();
    this.#painter.close(this.#newLines(this.#terminal.size().columns));
    const farewell = this.#options.farewell?.(this.#host.facts()) ?? "";
    if (farewell !== "") this.#terminal.write(`${farewell.replaceAll("\n", "\r\n")}\r\n`);
  }

  /** Ends only by a failure: a host whose events end early may still run commands. */
  async #readEvents(): Promise<never> {
    for await (const event of this.#host.events(this.#ending.signal)) {
      this.#fold(event);
      if (event.sequence !== undefined && event.sequence >= (this.#replayUntil ?? Infinity)) {
        this.#replayUntil = undefined;
        this.#isReplayed = true;
      }
    }
    return await new Promise<never>(() => {});
  }

  async #readKeys(): Promise<void> {
    for await (const bytes of this.#terminal.input) {
      if (this.#ending.signal.aborted) return;
      clearTimeout(this.#escape);
      for (const key of this.#keys.push(bytes)) this.#press(key);
      if (this.#keys.isPending) {
        this.#escape = setTimeout(() => {
          for (const key of this.#keys.flush()) this.#press(key);
          this.#paint();
        }, ESCAPE_MS);
      }
      if (this.#ending.signal.aborted) return;
      this.#paint();
    }
  }

  #press(key: Key): void {
    const isEarly = this.#now() - this.#askedAt < MEANT_MS && !(key.type === "key" && key.ctrl === true);
    const hasQuestion = this.#screen.approvals.length > 0;
    // Keys on their way when a question came up were meant for what was being typed, or for nothing.
    if (hasQuestion && isEarly && this.#prompt.editor.text === "") return;
    const isTyping = key.type === "text" && this.#prompt.editor.text !== "" && this.#now() - this.#typedAt < TYPING_MS;
    const isAsked = hasQuestion && !isEarly && !isTyping;
    if (!isAsked) this.#typedAt = this.#now();
    const { prompt, action } = pressKey(this.#prompt, key, {
      commands: this.#host.commands(),
      width: this.#terminal.size().columns - 3,
      isBusy: this.#isBusy,
      isAsked,
    });
    this.#prompt = prompt;
    if (action !== undefined) this.#act(action);
  }

  get #isBusy(): boolean {
    const { turn } = this.#screen;
    return turn !== undefined && turn.activity !== "cancelling" || this.#submits.size > 0;
  }

  #act(action: PromptAction): void {
    switch (action.type) {
      case "submit":
        this.#options.onLine?.(action.text);
        void this.#submit(action.text);
        return;
      case "interrupt":
        this.#interrupt();
        return;
      case "quit":
        this.#ending.abort();
        return;
      case "redraw":
        this.#painter.clearScreen();
        return;
      case "decide": {
        const [question] = this.#screen.approvals;
        if (question !== undefined) this.#answers.get(question.toolCallId)?.(action.decision);
        return;
      }
      case "show_detail": {
        const [question] = this.#screen.approvals;
        if (question !== undefined) this.#fold({ type: "approval_shown", question });
        return;
      }
    }
  }

  #interrupt(): void {
    if (this.#host.cancel()) this.#fold({ type: "cancelling" });
    else if (this.#submits.size === 0) this.#fold({ type: "notice", level: "info", text: ELSEWHERE });
    else for (const submit of this.#submits) submit.abort();
  }

  async #submit(text: string): Promise<void> {
    const id = ++this.#lastSubmit;
    const submit = new AbortController();
    this.#submits.add(submit);
    this.#fold({ type: "submitted", id, text });
    let isMessage = false;
    try {
      const outcome = await this.#host.submit(text, submit.signal);
      isMessage = outcome.type === "turn";
      this.#settle(outcome, text);
    } catch (error) {
      // The user interrupted it and knows.
      const isOwn = submit.signal.aborted;
      const said = error instanceof Error ? error.message : String(error);
      // What could not be sent need not be typed again.
      if (!isOwn && this.#prompt.editor.text === "") this.#prompt = { ...this.#prompt, editor: editorOf(text) };
      this.#fold({ type: "notice", level: isOwn ? "info" : "error", text: isOwn ? `Interrupted: ${text}` : said });
    } finally {
      this.#submits.delete(submit);
      this.#fold({ type: "settled", id, isMessage });
    }
  }

  #settle(outcome: SubmitOutcome, text: string): void {
    switch (outcome.type) {
      case "turn":
        return;
      case "output":
        this.#fold({ type: "output", command: text, text: outcome.text });
        return;
      case "clear":
        this.#printed = 0;
        this.#replayUntil = undefined;
        this.#painter.clearScreen();
        this.#fold({ type: "cleared" });
        return;
      case "quit":
        this.#ending.abort();
        return;
    }
  }

  async #ask(question: ApprovalQuestion, signal: AbortSignal): Promise<ApprovalDecision> {
    if (signal.aborted || this.#ending.signal.aborted) return "deny";
    const { promise, resolve } = Promise.withResolvers<ApprovalDecision>();
    const gone = (): void => resolve("deny");
    signal.addEventListener("abort", gone);
    this.#answers.set(question.toolCallId, resolve);
    if (this.#screen.approvals.length === 0) this.#askedAt = this.#now();
    this.#fold({ type: "approval_asked", question });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", gone);
      this.#answers.delete(question.toolCallId);
      // The next question is a new one: the key that answered this one must not answer it too.
      this.#askedAt = this.#now();
      this.#fold({ type: "approval_answered", toolCallId: question.toolCallId });
    }
  }

  #fold(input: ScreenInput): void {
    this.#screen = foldScreen(this.#screen, input);
    this.#paintSoon();
  }

  /** Repaints at most so often, however many events come. */
  #paintSoon(): void {
    if (this.#ending.signal.aborted || this.#frame !== undefined) return;
    const wait = Math.max(0, this.#paintedAt + FRAME_MS - this.#now());
    this.#frame = setTimeout(() => this.#paint(), Math.min(wait, FRAME_MS));
  }

  #paint(): void {
    clearTimeout(this.#frame);
    clearTimeout(this.#spin);
    this.#frame = undefined;
    if (this.#ending.signal.aborted) return;
    const { columns, rows } = this.#terminal.size();
    const now = this.#now();
    this.#paintedAt = now;
    const frame = liveLines(this.#screen, promptView(this.#prompt, this.#host.commands()), {
      columns: columns - 1,
      rows,
      now,
    });
    this.#painter.paint({
      finished: this.#newLines(columns),
      live: frame.lines.map((line) => this.#ansi(line)),
      widths: frame.lines.map(lineWidth),
      cursor: frame.cursor,
      columns,
    });
    if (isAnimated(this.#screen)) this.#spin = setTimeout(() => this.#paint(), SPINNER_MS);
  }

  /** The lines of the blocks that were not printed yet; none before all that is stored was read. */
  #newLines(columns: number): string[] {
    if (this.#replayUntil !== undefined) return [];
    const lines = unprintedLines(this.#screen, { printed: this.#printed, columns, replayed: this.#isReplayed });
    this.#isReplayed = false;
    this.#printed = this.#screen.trimmed + this.#screen.blocks.length;
    return lines.map((line) => this.#ansi(line));
  }

  #ansi(line: Line): string {
    return line === EMPTY_LINE ? "" : toAnsi(line, this.#options.noColor !== true);
  }
}
