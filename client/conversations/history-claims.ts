import { type Base64Url, fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { equalBytes } from '../../server/protocol/sodium.ts';
import type { Place } from '../storage/conversation-marks.ts';
import type { ConversationLog } from './conversation-log.ts';

/** not-as-signed: the server's receipt says otherwise. not-as-seen: this device has been shown something else before. */
export type Claim = 'not-as-signed' | 'not-as-seen';

/** Run hashes that must stand at their positions, whatever the server shows there: each is compared once the log has come that far. */
export class HistoryClaims {
  readonly #claims = new Map<number, { readonly run: Uint8Array; readonly claim: Claim }>();
  readonly #onContradiction: () => void;

  constructor({ onContradiction }: { readonly onContradiction: () => void }) {
    this.#onContradiction = onContradiction;
  }

  add({ position, run }: Place, claim: Claim, log: ConversationLog | null): void {
    const claimed = fromBase64Url(run);
    const known = this.#claims.get(position);
    // Two receipts for one place that differ contradict each other, whatever is shown.
    if (known && !equalBytes(known.run, claimed)) this.#contradict(log, claim);
    this.#claims.set(position, { run: claimed, claim });
    if (log) this.check(log, position);
  }

  /** The log has come to this position. */
  check(log: ConversationLog, position: number): void {
    const known = this.#claims.get(position);
    const run = log.runAt(position);
    if (known && run && !equalBytes(run, known.run)) this.#contradict(log, known.claim);
  }

  /** For a log that has been made anew. */
  checkAll(log: ConversationLog): void {
    for (const position of this.#claims.keys()) this.check(log, position);
  }

  /** What the log has at these positions. */
  shownBy(log: ConversationLog): readonly { readonly position: number; readonly run: Base64Url }[] {
    return Array.from(this.#claims.keys()).flatMap((position) => {
      const run = log.runAt(position);
      return run ? [{ position, run: toBase64Url(run) }] : [];
    });
  }

  #contradict(log: ConversationLog | null, claim: Claim): void {
    log?.warn(null, { kind: claim });
    this.#onContradiction();
  }
}
