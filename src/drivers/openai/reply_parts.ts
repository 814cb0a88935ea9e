/** What the readers of replies of both APIs are told. */

import type { DriverId, ModelProfile } from "../../records/model.ts";
import type { Failures } from "../../kit/provider/failures.ts";
import type { Dialect } from "./dialect.ts";

/** What a reader of one reply is made of. */
export interface ReplyParts {
  /** What the server understands. */
  readonly dialect: Dialect;
  /** Whose reasoning the reply's is: only that provider gets it back. */
  readonly provider: DriverId;
  /** The model that was asked. */
  readonly model: string;
  /** Makes the errors. */
  readonly failures: Failures;
  /** What the model's tokens cost, when it is known. */
  readonly price: ModelProfile["price"];
}
