import { z } from 'zod';
import { fromBase64Url, type Base64Url } from '../protocol/base64url.ts';
import type { Id } from '../protocol/ids.ts';
import { locales } from '../protocol/locale.ts';
import { needs } from '../protocol/queue.ts';

/*
 * Schemas of what every feature takes from the wire. Ids are checked for their shape only; that something of the name
 * exists, and that the caller may know of it, is the feature's to say.
 */

/** 16 bytes, chosen by the sender: 22 characters. */
export function idSchema<Kind extends string>(): z.ZodType<Id<Kind>> {
  return z.custom<Id<Kind>>((value) => isBytes(value, 16, 16), 'not an id');
}

/** 32 bytes that name a chain by its root: 43 characters. */
export function chainIdSchema<Kind extends string>(): z.ZodType<Id<Kind>> {
  return z.custom<Id<Kind>>((value) => isBytes(value, 32, 32), 'not the id of a chain');
}

/** Chosen by the administrator: small letters, digits and hyphens. */
export function slugSchema<Kind extends string>(): z.ZodType<Id<Kind>> {
  return z.custom<Id<Kind>>((value) => typeof value === 'string' && /^[a-z0-9][a-z0-9-]{0,39}$/.test(value), 'not a slug');
}

/** The one canonical text of at least `minBytes` and at most `maxBytes`. */
export function bytesSchema({ minBytes = 1, maxBytes }: { minBytes?: number; maxBytes: number }): z.ZodType<Base64Url> {
  return z.custom<Base64Url>((value) => isBytes(value, minBytes, maxBytes), 'not base64url, or too short or long');
}

export const localeSchema = z.enum(locales);

/** Each need once. */
export const needsSchema = z.array(z.enum(needs)).max(needs.length).refine(isWithoutRepeats, 'one of them twice');

export function isWithoutRepeats(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

/** Positions, sequence numbers: what fits PostgreSQL's integer. */
export const countSchema = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

function isBytes(value: unknown, minBytes: number, maxBytes: number): boolean {
  // Four characters carry three bytes: too long is seen before anything is decoded.
  if (typeof value !== 'string' || value.length > Math.ceil((maxBytes * 4) / 3)) return false;
  try {
    const { length } = fromBase64Url(value);
    return length >= minBytes && length <= maxBytes;
  } catch {
    return false;
  }
}
