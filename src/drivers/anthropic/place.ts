/** Where blocks that are kept stood in their reply. */

/** Where a block stood in its reply. */
export interface BlockPlace {
  /** Characters of text before it. */
  readonly text: number;
  /** Calls before it. */
  readonly calls: number;
}
