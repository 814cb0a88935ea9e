/** A record while it is being put together. */

/**
 * The same members, writable.
 *
 * Hot paths assign optional members one by one: spreading conditional object literals is several times slower in V8.
 */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
