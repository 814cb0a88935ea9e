/** Budgets: how much a session may spend. */

/** A budget and what is left of it. */
export interface Budget {
  /** Its id. */
  readonly id: string;
  /** What is counted. */
  readonly currency: "usd" | "tokens";
  /** Where spending stops. */
  readonly limit: number;
  /** Where a warning is due. */
  readonly softLimit?: number;
  /** What is left. */
  readonly balance: number;
}
