/** Composing the system prompt, in an order that keeps providers' prefix caches warm. */

/** A capability's part of the prompt. */
export interface PromptBlock {
  /** The capability. */
  readonly id: string;
  /** Its text. */
  readonly text: string;
}

/** What the prompt is made of. */
export interface PromptParts {
  /** The folded base prompt. */
  readonly base: string;
  /** The capabilities' blocks, in order. */
  readonly blocks: readonly PromptBlock[];
  /** What the session is to achieve. */
  readonly goal?: string | undefined;
  /** The resolved locale. */
  readonly locale?: string | undefined;
}

/**
 * Base first, then capability blocks, then goal and locale: what changes least comes first.
 *
 * Blank parts are dropped. The base is wrapped only when a capability contributes. Nothing at all gives "".
 */
export function composeSystemPrompt(parts: PromptParts): string {
  const out: string[] = [];
  const base = parts.base.trim();
  const blocks = parts.blocks.filter((block) => block.text.trim() !== "");
  if (base !== "") out.push(blocks.length === 0 ? base : `<system-prompt>\n${base}\n</system-prompt>`);
  for (const { id, text } of blocks) out.push(`<capability id="${id}">\n${text.trim()}\n</capability>`);
  const goal = parts.goal?.trim() ?? "";
  if (goal !== "") out.push(`<session-goal>\n${goal}\n</session-goal>`);
  const locale = parts.locale?.trim() ?? "";
  if (locale !== "") {
    out.push(`<locale>\nAnswer in the language of locale ${locale} unless asked otherwise.\n</locale>`);
  }
  return out.join("\n\n");
}
