/** Which efforts a model takes, where that is known. */

import { UsageError } from "./options.ts";
import { allDrivers, type ProviderChoice } from "./providers.ts";

/** The efforts of a model, none when it does not reason; undefined when nothing is known about it. */
export async function knownEfforts({ model }: ProviderChoice): Promise<readonly string[] | undefined> {
  return (await allDrivers()).get(model.providerType)?.profile?.(model.model)?.reasoningEfforts;
}

/**
 * Fails for an effort the model is known not to take; what is not known is the provider's to refuse.
 *
 * @throws {UsageError} naming those it takes
 */
export async function assertEffort(effort: string, choice: ProviderChoice): Promise<void> {
  const efforts = await knownEfforts(choice);
  if (efforts === undefined || efforts.includes(effort)) return;
  const { model } = choice.model;
  throw new UsageError(
    efforts.length === 0
      ? `the model ${model} does not reason: it takes no effort, so leave "${effort}" out`
      : `"${effort}" is no effort of the model ${model}; it is one of ${efforts.join(", ")}`,
  );
}
