import { RequestError } from '../../net/request-error.ts';

/**
 * `media`: what carries picture and sound has answered. `line`: the server has; whether pictures get through is not known.
 * `blocked`: the server answers, and what carries picture and sound does not. `offline`: nobody answers.
 */
export type LineFinding =
  | { readonly kind: 'media' | 'line'; readonly roundTripMs: number }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'offline' };

/** Slower than this is felt in a conversation (ITU-T G.114: 150 ms one way). */
export const slowMs = 300;

const pings = 3;

export interface LineProbes {
  /** Asks the server something small. Rejects when nobody answers. */
  readonly ping: () => Promise<unknown>;
  /**
   * Opens a connection as a call does, for a moment. The round trip in ms; rejects when none comes about, with a RequestError when it
   * could not be tried. Null: not to be had here.
   */
  readonly openMedia: (() => Promise<number>) | null;
}

/** How well this device reaches what a call needs. Never rejects. */
export async function checkLine({ ping, openMedia }: LineProbes): Promise<LineFinding> {
  const times: number[] = [];
  try {
    for (let index = 0; index < pings; index += 1) {
      const sentAt = performance.now();
      await ping();
      times.push(performance.now() - sentAt);
    }
  } catch {
    return { kind: 'offline' };
  }
  const line: LineFinding = { kind: 'line', roundTripMs: atLeastOne(Math.min(...times)) };
  if (openMedia === null) return line;
  try {
    return { kind: 'media', roundTripMs: atLeastOne(await openMedia()) };
  } catch (error) {
    // Nobody there to try it with says nothing about this line.
    return error instanceof RequestError ? line : { kind: 'blocked' };
  }
}

/** "0 ms" reads like a fault. */
function atLeastOne(ms: number): number {
  return Math.max(1, Math.round(ms));
}
