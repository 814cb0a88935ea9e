/** Content parts: what a message is made of. Types only, which cost nothing to load. */

import type { JsonValue } from "./json.ts";
import type { CallId, ImageId } from "./ids.ts";

/** Where an annotation's claim comes from. */
export interface AnnotationSource {
  /** Address of the source. */
  readonly uri: string;
  /** Title of the source. */
  readonly title?: string;
  /** The passage that supports the text. */
  readonly snippet?: string;
  /** A place inside the source, such as a page. */
  readonly location?: string;
}

/** A citation attached to a range of text. */
export interface TextAnnotation {
  /** First character of the range, counted in UTF-16 units. */
  readonly start: number;
  /** Character after the range. */
  readonly end: number;
  /** Who added the annotation. */
  readonly origin: string;
  /** Where the claim comes from. */
  readonly source: AnnotationSource;
  /** The provider's id of the citation. */
  readonly externalId?: string;
  /** Result of a citation check. */
  readonly verified?: {
    /** The verdict. */
    readonly status: "entailed" | "unsupported" | "uncertain";
    /** Confidence from 0 to 1. */
    readonly score?: number;
  };
}

/** Plain text. */
export interface TextPart {
  /** Tag of this part. */
  readonly type: "text";
  /** The text. */
  readonly text: string;
  /** Citations in the text. */
  readonly annotations?: readonly TextAnnotation[];
}

/** An image given by address or by its bytes. */
export interface ImagePart {
  /** Tag of this part. */
  readonly type: "image";
  /** Address of the image (`https:` or `data:`). */
  readonly url?: string;
  /** The bytes in base64. */
  readonly base64?: string;
  /** Media type of `base64`, such as `image/png`. */
  readonly mediaType?: string;
}

/** An image kept in an image store. */
export interface ImageFilePart {
  /** Tag of this part. */
  readonly type: "image_file";
  /** The stored image. */
  readonly imageId: ImageId;
  /** Its file name. */
  readonly filename?: string;
}

/** A call the model made. */
export interface ToolCallPart {
  /** Tag of this part. */
  readonly type: "tool_call";
  /** Id minted by the runtime. */
  readonly id: CallId;
  /** The tool. */
  readonly name: string;
  /** The arguments; a string when the model sent text that is not JSON. */
  readonly arguments: JsonValue;
  /** The id the provider gave the call. */
  readonly providerCallId?: string;
}

/** The answer to a call. */
export interface ToolResultPart {
  /** Tag of this part. */
  readonly type: "tool_result";
  /** The call that is answered. */
  readonly toolCallId: CallId;
  /** What the tool returned. */
  readonly result?: JsonValue;
  /** Why the call failed, in words for the model. */
  readonly error?: string;
}

/** An opaque reasoning item of a provider, replayed to it unchanged. */
export interface ReasoningPart {
  /** Tag of this part. */
  readonly type: "reasoning";
  /** The driver that understands the item. */
  readonly provider: string;
  /** The provider's id of the item. */
  readonly itemId?: string;
  /** Encrypted content. */
  readonly encryptedContent?: string;
  /**
   * What it is besides reasoning: a search of the provider's own, or what it made of all that came before.
   *
   * Where a request no longer asks for such a thing, the item is not sent back.
   *
   * @default {reasoning}
   */
  readonly purpose?: "tool_search" | "compaction";
  /** The model that made it, for what no other model understands. */
  readonly model?: string;
  /** Readable summary lines. */
  readonly summary?: readonly string[];
}

/** Any content part. */
export type ContentPart =
  | TextPart
  | ImagePart
  | ImageFilePart
  | ToolCallPart
  | ToolResultPart
  | ReasoningPart;

/** What a user may send. */
export type InputContentPart = TextPart | ImagePart | ImageFilePart;
