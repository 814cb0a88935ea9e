/** Deno permissions as data. */

/**
 * The Deno permissions something needs, as the values of the `--allow-*` flags.
 *
 * `true` means the unscoped permission; an absent member means none.
 */
export interface PermissionNeeds {
  /** Paths for `--allow-read`. */
  readonly read?: readonly string[] | true;
  /** Paths for `--allow-write`. */
  readonly write?: readonly string[] | true;
  /** `host` or `host:port` for `--allow-net`. */
  readonly net?: readonly string[] | true;
  /** Programs for `--allow-run`. */
  readonly run?: readonly string[] | true;
  /** Variables for `--allow-env`. */
  readonly env?: readonly string[] | true;
}
