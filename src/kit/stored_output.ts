/** Large outputs of calls as files of the session. */

import type { SessionFiles } from "../ports/file_store.ts";
import type { ToolContext } from "../ports/tool.ts";
import { cutToBytes } from "./cut_to_bytes.ts";
import { countLines } from "./output_preview.ts";

/** A file that holds an output. */
export interface StoredOutput {
  /** Its path as the model knows it. */
  readonly file: string;
  /** Bytes of the whole output. */
  readonly sizeBytes: number;
  /** Lines of the whole output. */
  readonly totalLines: number;
  /** Whether the file has only its start and its end. */
  readonly isPartial: boolean;
}

/** Bytes of one file. */
const MAX_FILE_BYTES = 1024 * 1024;
const DIRECTORY = "/outputs";

/**
 * Writes an output to `/outputs/{tool_call_id}.{ending}`; of more than 1 MiB the middle is left out.
 *
 * @throws {FileStoreError} when the file store refuses it
 */
export async function storeOutput(text: string, ending: string, context: ToolContext): Promise<StoredOutput> {
  const { files, toolCallId, fileWritten } = context;
  // Files refuse half of a surrogate pair, which a tool that cuts its output may leave.
  const whole = text.toWellFormed();
  const sizeBytes = new TextEncoder().encode(whole).length;
  const kept = sizeBytes > MAX_FILE_BYTES ? withoutMiddle(whole, sizeBytes) : whole;
  const path = `${DIRECTORY}/${toolCallId}.${ending}`;
  const created = await files.writeFile(path, kept);
  const keptBytes = kept === whole ? sizeBytes : new TextEncoder().encode(kept).length;
  fileWritten(path, created ? "create" : "update", keptBytes);
  return { file: shown(files, path), sizeBytes, totalLines: countLines(text), isPartial: kept !== whole };
}

function withoutMiddle(text: string, sizeBytes: number): string {
  const half = Math.floor(MAX_FILE_BYTES / 2) - 100;
  const head = cutToBytes(text, half);
  // From the end no cut can be in the middle of a character but between the halves of a surrogate pair.
  let tail = text.slice(-Math.floor(half / 3));
  const first = tail.charCodeAt(0);
  if (first >= 0xdc00 && first <= 0xdfff) tail = tail.slice(1);
  return `${head}\n[the middle of ${sizeBytes} bytes is left out]\n${tail}`;
}

function shown({ displayRoot }: SessionFiles, path: string): string {
  return displayRoot === "/" ? path : `${displayRoot}${path}`;
}
