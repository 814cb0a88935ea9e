/** Secrets that cannot occur by chance, and a search for them in every spelling. */

/** A planted secret. */
export interface Canary {
  /** Where it is planted. */
  readonly name: string;
  /** The secret itself. */
  readonly value: string;
}

/** Where secrets enter: one canary for each. */
export const PLACES = [
  "openai_responses_key",
  "openai_completions_key",
  "anthropic_key",
  "gemini_key",
  "openrouter_key",
  "azure_key",
  "azure_token",
  "ollama_key",
  "driver_header",
  "base_url_password",
  "base_url_query",
  "custom_driver_key",
  "mcp_header",
  "mcp_bearer",
  "mcp_access_token",
  "mcp_refresh_token",
  "mcp_client_secret",
  "mcp_env",
  "mcp_argument",
  "session_secret",
  "store_key",
  "host_env",
  "hook_env",
] as const;

/** The name of a place. */
export type Place = typeof PLACES[number];

const CORES: ReadonlyMap<Place, string> = new Map(PLACES.map((place, index) => [place, coreOf(index + 1)]));

/**
 * The secret of a place.
 *
 * Beside its core of 24 hexadecimal digits it has characters that every encoding writes differently.
 */
export function canary(place: Place): string {
  return `k/${CORES.get(place)}+"=`;
}

/** A finding: whose secret, in which spelling. */
export interface Finding {
  readonly place: Place;
  readonly spelling: string;
}

/** So many digits of a core in a row are a finding: half a secret that was cut is one too. */
const WINDOW = 12;

const NEEDLES: readonly (Finding & { readonly text: string })[] = PLACES.flatMap((place) => needlesOf(place));

/** Every canary in a text, cut ones included; case does not matter. */
export function findCanaries(text: string): readonly Finding[] {
  const folded = text.toLowerCase();
  return NEEDLES.filter((needle) => folded.includes(needle.text)).map(({ place, spelling }) => ({ place, spelling }));
}

function needlesOf(place: Place): readonly (Finding & { readonly text: string })[] {
  const core = CORES.get(place) ?? "";
  const bytes = new TextEncoder().encode(core);
  const windows = Array.from({ length: core.length - WINDOW + 1 }, (_, at) => core.slice(at, at + WINDOW));
  const spellings: [spelling: string, text: string][] = [
    ...windows.map((part): [string, string] => ["plain", part]),
    ["hex", bytes.toHex()],
    ["percent", [...bytes].map((byte) => `%${byte.toString(16)}`).join("")],
    ["utf-16", core.split("").join("\0")],
    ["reversed", core.split("").reverse().join("")],
    ...[0, 1, 2].map((shift): [string, string] => ["base64", base64Inside(bytes, shift)]),
  ];
  // Digits have no case, and base64 of two different texts is hardly the same but for case.
  return spellings.map(([spelling, text]) => ({ place, spelling, text: text.toLowerCase() }));
}

/** What is in the base64 of any text that has these bytes at a place of this remainder modulo 3. */
function base64Inside(bytes: Uint8Array, shift: number): string {
  const padded = new Uint8Array(shift + bytes.length);
  padded.set(bytes, shift);
  return padded.toBase64().slice(shift === 0 ? 0 : 4, Math.floor(padded.length / 3) * 4);
}

/** Digits that look random and are the same in every run. */
function coreOf(seed: number): string {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  let digits = "";
  while (digits.length < 24) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    digits += (state >>> 0).toString(16).padStart(8, "0");
  }
  return digits.slice(0, 24);
}
