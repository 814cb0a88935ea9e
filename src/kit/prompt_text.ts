/** Foreign text inside a prompt. */

/** Ends of the blocks a prompt is made of. */
const BLOCK_END =
  /<\/(?=\s*(?:system-prompt|capability|session-goal|locale|instructions|skills|memory|message-facts)\b)/gi;

/**
 * Makes a text that is quoted in a prompt unable to end the block it stands in.
 *
 * What a file or a user wrote could otherwise pretend to be the host's own words.
 */
export function quoteForPrompt(text: string): string {
  return text.replace(BLOCK_END, "<\\/");
}
