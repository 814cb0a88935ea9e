/** What servers that speak an OpenAI API understand beyond its common core. */

import { ProviderError } from "../../errors.ts";
import type { FormatMode } from "./answer_format.ts";

/** Names a dialect. */
export type DialectName = "openai" | "openrouter" | "mistral" | "ollama" | "vllm" | "llama_cpp" | "generic";

/** The traits of a dialect: what may be sent to it and how it names things. */
export interface Dialect {
  /** Its name. */
  readonly name: DialectName;
  /** Whether it refuses a request without a key; else a dummy key is sent. */
  readonly keyRequired: boolean;
  /** The role of the instructions before the conversation. */
  readonly instructionRole: "developer" | "system";
  /**
   * The role of instructions inside the conversation.
   *
   * Prompt templates of open models refuse any but the first system message (llama.cpp issue 27367, vLLM pull request
   * 46976), and gateways move it to the front, which spoils the provider's cache.
   */
  readonly laterInstructionRole: "developer" | "user";
  /** How the Chat API calls the most tokens of a reply. */
  readonly maxTokensField: "max_completion_tokens" | "max_tokens";
  /** Whether the Chat API must be asked for usage in the stream. */
  readonly usageOption: boolean;
  /** The delta member of the Chat API with thinking; the other one is read when it is absent. */
  readonly reasoningField: "reasoning" | "reasoning_content";
  /** Whether the Chat API takes the effort inside `reasoning`; else as `reasoning_effort`. */
  readonly reasoningObject: boolean;
  /** Whether the Chat API returns `reasoning_details`, which hold what models have to be sent back, signatures included. */
  readonly reasoningDetails: boolean;
  /** Whether reasoning items of the Responses API hold more than OpenAI's and must come back with all their members. */
  readonly wholeReasoningItems: boolean;
  /** Whether the Chat API takes marks of what is to be cached, which some models wait for. */
  readonly cacheMarks: boolean;
  /** Whether the Chat API may answer with images, each in one line. */
  readonly imageReplies: boolean;
  /** Whether `none` is an effort; else the member is left out. */
  readonly effortNone: boolean;
  /** Whether it returns encrypted reasoning items and takes them back. */
  readonly encryptedReasoning: boolean;
  /** Whether summaries of the reasoning may be asked for. */
  readonly reasoningSummary: boolean;
  /** Whether it takes a verbosity. */
  readonly verbosity: boolean;
  /** Whether it takes a service tier. */
  readonly serviceTier: boolean;
  /** Whether it takes `parallel_tool_calls`. */
  readonly parallelToolCalls: boolean;
  /** Whether it takes a prompt cache key. */
  readonly promptCacheKey: boolean;
  /** Whether its Responses API takes metadata. */
  readonly metadata: boolean;
  /** Whether its Responses API tells asides from answers. */
  readonly phase: boolean;
  /** Whether tool outputs of its Responses API may hold images; else they follow in a user message. */
  readonly toolResultImages: boolean;
  /** Whether its Responses API searches tools and compacts conversations itself. */
  readonly hosted: boolean;
  /**
   * Whether the Chat API wants ids of calls of nine letters and digits, and a word of the model's between results and
   * the user; servers of Mistral's models refuse a conversation without.
   */
  readonly mistralRules: boolean;
  /** How its Chat API is asked for an answer of a form. */
  readonly chatFormat: FormatMode;
  /** How its Responses API is asked for one. */
  readonly responsesFormat: FormatMode;
}

/** Any server: only what practically all of them take. An unknown member is an error for some. */
const GENERIC: Dialect = {
  name: "generic",
  keyRequired: false,
  instructionRole: "system",
  laterInstructionRole: "user",
  maxTokensField: "max_tokens",
  usageOption: true,
  reasoningField: "reasoning_content",
  reasoningObject: false,
  reasoningDetails: false,
  wholeReasoningItems: false,
  imageReplies: false,
  cacheMarks: false,
  effortNone: false,
  encryptedReasoning: false,
  reasoningSummary: false,
  verbosity: false,
  serviceTier: false,
  parallelToolCalls: false,
  promptCacheKey: false,
  metadata: false,
  phase: false,
  toolResultImages: false,
  hosted: false,
  mistralRules: false,
  chatFormat: "words",
  responsesFormat: "words",
};

/** Every dialect by its name. */
export const DIALECTS: Readonly<Record<DialectName, Dialect>> = Object.freeze({
  openai: {
    name: "openai",
    keyRequired: true,
    instructionRole: "developer",
    laterInstructionRole: "developer",
    maxTokensField: "max_completion_tokens",
    usageOption: true,
    reasoningField: "reasoning_content",
    reasoningObject: false,
    reasoningDetails: false,
    wholeReasoningItems: false,
    imageReplies: false,
    cacheMarks: false,
    effortNone: true,
    encryptedReasoning: true,
    reasoningSummary: true,
    verbosity: true,
    serviceTier: true,
    parallelToolCalls: true,
    promptCacheKey: true,
    metadata: true,
    phase: true,
    toolResultImages: true,
    hosted: true,
    mistralRules: false,
    chatFormat: "schema",
    responsesFormat: "schema",
  },
  openrouter: {
    ...GENERIC,
    name: "openrouter",
    keyRequired: true,
    // Usage comes with every stream; the option is deprecated there.
    usageOption: false,
    reasoningField: "reasoning",
    reasoningObject: true,
    reasoningDetails: true,
    wholeReasoningItems: true,
    imageReplies: true,
    cacheMarks: true,
    effortNone: true,
    encryptedReasoning: true,
    reasoningSummary: true,
    verbosity: true,
    serviceTier: true,
    parallelToolCalls: true,
    chatFormat: "both",
  },
  mistral: {
    ...GENERIC,
    name: "mistral",
    keyRequired: true,
    // Usage comes with every stream, and members it does not know are refused.
    usageOption: false,
    parallelToolCalls: true,
    mistralRules: true,
    chatFormat: "both",
  },
  ollama: { ...GENERIC, name: "ollama", reasoningField: "reasoning", effortNone: true, chatFormat: "both" },
  vllm: { ...GENERIC, name: "vllm", reasoningField: "reasoning", parallelToolCalls: true, chatFormat: "both" },
  llama_cpp: { ...GENERIC, name: "llama_cpp", parallelToolCalls: true, chatFormat: "both" },
  generic: GENERIC,
});

/** The dialect a base URL points to: by host, or by the usual port of a local server. */
export function detectDialect(baseUrl: string): Dialect {
  const { hostname, port } = new URL(baseUrl);
  if (within(hostname, "openai.com") || AZURE.some((domain) => within(hostname, domain))) return DIALECTS.openai;
  if (within(hostname, "openrouter.ai")) return DIALECTS.openrouter;
  if (within(hostname, "mistral.ai")) return DIALECTS.mistral;
  if (within(hostname, "ollama.com") || port === "11434") return DIALECTS.ollama;
  if (LOOPBACK.has(hostname) && port === "8000") return DIALECTS.vllm;
  if (LOOPBACK.has(hostname) && port === "8080") return DIALECTS.llama_cpp;
  return DIALECTS.generic;
}

/**
 * The dialect of a name somebody configured.
 *
 * @throws {ProviderError} `provider_misconfigured` when there is none of that name
 */
export function dialectNamed(name: unknown): Dialect {
  const found = Object.values(DIALECTS).find((dialect) => dialect.name === name);
  if (found !== undefined) return found;
  throw new ProviderError(
    "provider_misconfigured",
    `Cannot use dialect ${JSON.stringify(name)}: expected one of ${Object.keys(DIALECTS).join(", ")}`,
  );
}

const AZURE: readonly string[] = ["openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com"];
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

function within(hostname: string, domain: string): boolean {
  return hostname === domain || hostname.endsWith(`.${domain}`);
}
