/** Files a layer brings along. */

/** How file content is written down. */
export type FileEncoding = "text" | "base64";

/** A file written when a session is created. */
export interface InitialFile {
  /** Where; relative paths and `/workspace/...` count from the root. */
  readonly path: string;
  /** The content. */
  readonly content: string;
  /** How `content` is written. @default {"text"} */
  readonly encoding?: FileEncoding;
  /** Whether tools may change it. @default {false} */
  readonly isReadonly?: boolean;
}
