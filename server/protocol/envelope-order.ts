import type { MessageHeader } from './envelope.ts';

/**
 * What the counters say about the next envelope of a conversation, in the order of positions.
 * `gap`: envelopes of this device are missing ("messages missing"). `fork`: the device's chain does not fit what was seen.
 */
export type EnvelopeOrder = { readonly verdict: 'next' | 'duplicate' | 'fork' } | { readonly verdict: 'gap'; readonly missing: number };

interface Last {
  readonly counter: number;
  readonly hash: string;
}

/** Follows one conversation's device counters and message ids. Duplicates are to be dropped; gaps and forks to be shown. */
export class EnvelopeSequence {
  readonly #last = new Map<string, Last>();
  readonly #messageIds = new Set<string>();

  /** `hash` is the envelope's env_hash. Records the envelope unless it is a duplicate. */
  accept(header: MessageHeader, hash: Uint8Array): EnvelopeOrder {
    const device = String(header.senderDevice);
    const messageId = String(header.messageId);
    const last = this.#last.get(device);
    const expected = (last?.counter ?? 0) + 1;
    if (this.#messageIds.has(messageId)) return { verdict: 'duplicate' };
    if (header.deviceCounter < expected) return { verdict: 'fork' };
    this.#messageIds.add(messageId);
    this.#last.set(device, { counter: header.deviceCounter, hash: String(hash) });
    if (header.deviceCounter > expected) return { verdict: 'gap', missing: header.deviceCounter - expected };
    const follows = last === undefined || (header.prevMessageHash !== null && String(header.prevMessageHash) === last.hash);
    return { verdict: follows ? 'next' : 'fork' };
  }
}
