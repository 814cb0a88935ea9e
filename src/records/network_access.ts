/** Which hosts a layer's tools may reach. */

/**
 * A network policy.
 *
 * Patterns are an exact domain, `*.domain` (the domain and its subdomains) or a URL prefix, without regard to
 * case; a blocked match wins. Layers only narrow: `allowed` lists intersect, `blocked` lists unite.
 */
export interface NetworkAccess {
  /** What may be reached; absent means no restriction of its own. */
  readonly allowed?: readonly string[];
  /** What may not be reached. */
  readonly blocked?: readonly string[];
}
