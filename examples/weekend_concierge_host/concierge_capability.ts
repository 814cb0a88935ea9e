/**
 * The host's own capability: one read-only tool over a list that only the host has.
 *
 * @module
 */

import { type Capability, defineCapability, defineTool, ToolError } from "@everruns/runtime";

/** A place the concierge may recommend. */
export interface Spot {
  /** Its name. */
  readonly name: string;
  /** What it is good for. */
  readonly occasions: readonly string[];
  /** What it feels like. */
  readonly vibes: readonly string[];
  /** Most people it takes. */
  readonly mostGuests: number;
  /** What only a neighbour knows. */
  readonly tip: string;
}

/** The list of the neighbourhood; no model has seen it, so an answer that names a spot came from the tool. */
export const SPOTS: readonly Spot[] = [
  {
    name: "Lantern Yard",
    occasions: ["birthday", "dinner"],
    vibes: ["lively", "outdoors"],
    mostGuests: 12,
    tip: "The long table under the fig tree is booked by phone only.",
  },
  {
    name: "The Quiet Press",
    occasions: ["brunch", "catching up"],
    vibes: ["cosy", "quiet"],
    mostGuests: 4,
    tip: "Ask for the room behind the bookshelf.",
  },
  {
    name: "Tideline Terrace",
    occasions: ["birthday", "brunch"],
    vibes: ["outdoors", "quiet"],
    mostGuests: 8,
    tip: "The sun leaves the terrace at four.",
  },
];

/** The capability `weekend_concierge`. */
export const weekendConcierge: Capability = defineCapability({
  id: "weekend_concierge",
  name: "Weekend concierge",
  description: "Finds spots of the neighbourhood for a group's weekend.",
  systemPrompt: "Recommend only spots that lookup_neighborhood_spot gave you, and name the backup too.",
  tools: [defineTool({
    name: "lookup_neighborhood_spot",
    description: "Finds the spot that suits a group best, and a backup.",
    parameters: {
      type: "object",
      properties: {
        occasion: { type: "string", description: "What is celebrated, such as birthday or brunch" },
        group_size: { type: "integer", minimum: 1, description: "How many people come" },
        vibe: { type: "string", description: "What it should feel like, such as cosy or outdoors" },
      },
      required: ["occasion", "group_size", "vibe"],
      additionalProperties: false,
    },
    // Looking up changes nothing: after a crash the call may simply run again.
    effect: "idempotent",
    hints: { readonly: true },
    permissions: {},
    execute: ({ occasion, group_size, vibe }) =>
      findSpots(String(occasion), Number(group_size), String(vibe)).map(({ name, tip }) => ({ name, tip })),
  })],
  permissions: {},
});

/** The best spot and a backup: any that is large enough, those first that suit occasion and vibe. */
function findSpots(occasion: string, groupSize: number, vibe: string): readonly Spot[] {
  const suits = (spot: Spot) => Number(spot.occasions.includes(occasion)) + Number(spot.vibes.includes(vibe));
  const found = SPOTS.filter(({ mostGuests }) => mostGuests >= groupSize).toSorted((a, b) => suits(b) - suits(a));
  // The model sees the message of a ToolError, and of nothing else that is thrown.
  if (found.length === 0) throw new ToolError(`No spot of the neighbourhood takes ${groupSize} people`);
  return found.slice(0, 2);
}
