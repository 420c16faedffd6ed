import type { PeerId } from '../../server/protocol/calls.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { hash } from '../../server/protocol/hash.ts';
import type { AccountId, CallId, ConversationId } from '../../server/protocol/ids.ts';
import { CryptoError, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { inOrder, type Revealed } from './call-check.ts';
import type { CallSignal, Reveal } from './call-signals.ts';
import { randomBytes } from './primitives.ts';

export interface RoundMember {
  readonly peerId: PeerId;
  readonly accountId: AccountId;
}

/** What is known of one other member in this round. */
interface Part extends RoundMember {
  signPk: Uint8Array | null;
  commitment: Uint8Array | null;
  reveal: Reveal | null;
}

/** Myself, as the others see me. */
export interface RoundSelf extends RoundMember {
  readonly signPk: Uint8Array;
  readonly kemPk: Uint8Array;
  readonly conversationId: ConversationId;
}

/**
 * One round of commitments (crypto.md §8): everybody commits to a fresh r32, and reveals it when everybody's commitment is here, so that nobody
 * can choose his own when he knows the others'. A member may be left out afterwards, never taken in: that gives whoever stands in between one
 * more guess for each, not a choice.
 */
export class CallRound {
  readonly number: number;
  readonly #callId: CallId;
  readonly #self: RoundSelf;
  readonly #nonce = randomBytes(32);
  readonly #others: Map<PeerId, Part>;
  /** Left out, with the key he signs with. */
  readonly #out = new Map<PeerId, Uint8Array | null>();

  constructor(callId: CallId, number: number, self: RoundSelf, others: readonly RoundMember[]) {
    this.number = number;
    this.#callId = callId;
    this.#self = self;
    this.#others = new Map(others.map((other) => [other.peerId, { ...other, signPk: null, commitment: null, reveal: null }]));
  }

  get members(): readonly Pick<Part, keyof RoundMember | 'signPk'>[] {
    return [...this.#others.values()];
  }

  has(peerId: PeerId): boolean {
    return this.#others.has(peerId);
  }

  signPkOf(peerId: PeerId): Uint8Array | null {
    return this.#others.get(peerId)?.signPk ?? this.#out.get(peerId) ?? null;
  }

  /** From now on what this member signs is believed. */
  identify(peerId: PeerId, signPk: Uint8Array): void {
    const part = this.#others.get(peerId);
    if (part) part.signPk = signPk;
  }

  leaveOut(peerId: PeerId): void {
    this.#out.set(peerId, this.signPkOf(peerId));
    this.#others.delete(peerId);
  }

  get isCommitted(): boolean {
    return [...this.#others.values()].every(({ commitment }) => commitment !== null);
  }

  get isComplete(): boolean {
    return this.missing.length === 0;
  }

  /** Whose word is missing, or about other people than mine. */
  get missing(): readonly PeerId[] {
    const commits = this.isCommitted ? this.#commits() : null;
    const parts = [...this.#others.values()];
    return parts.filter(({ reveal }) => !commits || !reveal || !equalBytes(reveal.commits, commits)).map(({ peerId }) => peerId);
  }

  /** Who has said all that he could say by now. */
  get heard(): readonly PeerId[] {
    const { isCommitted } = this;
    return [...this.#others.values()].filter((part) => (isCommitted ? part.reveal : part.commitment) !== null).map(({ peerId }) => peerId);
  }

  /** What this page lacks of a member, though it could have it: reason to ask him. */
  lacks(peerId: PeerId): boolean {
    const part = this.#others.get(peerId);
    return part !== undefined && (part.commitment === null || (this.isCommitted && this.missing.includes(peerId)));
  }

  /** Own commitment, which may be known from the first moment on. */
  commit(asks: boolean): CallSignal {
    const { peerId, kemPk } = this.#self;
    const commitment = commitmentTo(this.#callId, this.number, { peerId, kemPk, nonce: this.#nonce });
    return { type: 'commit', callId: this.#callId, from: peerId, round: this.number, commitment, asks: asks ? 1 : 0 };
  }

  /** Own word. Throws `not_allowed` as long as a commitment is missing. `epoch`: hash of the epoch link the call hangs on. */
  reveal(epoch: Uint8Array | null): CallSignal {
    ensure(this.isCommitted, 'not_allowed', 'a reveal before all commitments');
    const { peerId, kemPk, conversationId } = this.#self;
    return {
      type: 'reveal',
      callId: this.#callId,
      from: peerId,
      round: this.number,
      conversationId,
      epoch,
      kemPk,
      nonce: this.#nonce,
      members: this.#everybody().map((member) => member.peerId),
      commits: this.#commits(),
      checkpoint: null,
    };
  }

  /** Word to guests for who the others are; null as long as one of them is not known. */
  vouch(isGuest: (peerId: PeerId) => boolean): CallSignal | null {
    const members = [...this.members, this.#self].flatMap(({ peerId, accountId, signPk }) =>
      signPk ? [{ peerId, accountId, signPk, guest: isGuest(peerId) ? 1 : 0 }] : [],
    );
    if (members.length <= this.#others.size) return null;
    return { type: 'vouch', callId: this.#callId, from: this.#self.peerId, round: this.number, members };
  }

  /** The first one holds. Throws `bad_id` for another. */
  acceptCommit(from: PeerId, commitment: Uint8Array): void {
    const part = this.#part(from);
    ensure(part.commitment === null || equalBytes(part.commitment, commitment), 'bad_id', 'two commitments in one round');
    part.commitment = commitment;
  }

  /**
   * Throws `not_allowed` before all commitments are here, `bad_id` for what was not committed to, `broken_chain` when he saw other commitments
   * or people whom the server has not named here. Returns whom he has left out: they are out for everybody, this page itself perhaps.
   */
  acceptReveal(reveal: Reveal, isListed: (peerId: PeerId) => boolean): readonly PeerId[] {
    const { from: peerId, kemPk, nonce, members } = reveal;
    const part = this.#part(peerId);
    if (!members.includes(this.#self.peerId)) return [this.#self.peerId];
    ensure(part.commitment !== null && this.isCommitted, 'not_allowed', 'a reveal before all commitments');
    const promised = commitmentTo(this.#callId, this.number, { peerId, kemPk, nonce });
    ensure(equalBytes(promised, part.commitment), 'bad_id', 'another word than was committed to');
    ensure(members.every(isListed), 'broken_chain', 'he has people in the call who are not known here');
    const everybody = this.#everybody().map((member) => member.peerId);
    const leftOut = everybody.filter((member) => !members.includes(member));
    const isSameRoster = leftOut.length === 0 && members.length === everybody.length;
    ensure(!isSameRoster || equalBytes(reveal.commits, this.#commits()), 'broken_chain', 'he saw other commitments');
    part.reveal = reveal;
    return leftOut;
  }

  /** Everybody's word, own included. Only of a complete round. */
  get revealed(): readonly Revealed[] {
    ensure(this.isComplete, 'not_allowed', 'a round that is not complete');
    const others = [...this.#others.values()].flatMap(({ peerId, accountId, signPk, reveal }) =>
      signPk && reveal ? [{ peerId, accountId, signPk, kemPk: reveal.kemPk, nonce: reveal.nonce }] : [],
    );
    const { peerId, accountId, signPk, kemPk } = this.#self;
    return [{ peerId, accountId, signPk, kemPk, nonce: this.#nonce }, ...others];
  }

  /** H("gim1/call-commits", …): the same for all who see the same people, keys and commitments. */
  #commits(): Uint8Array {
    const items = this.#everybody().flatMap(({ peerId, accountId, signPk, commitment }) => [
      fromBase64Url(peerId),
      fromBase64Url(accountId),
      signPk,
      commitment,
    ]);
    return hash('gim1/call-commits', fromBase64Url(this.#callId), this.number, ...items);
  }

  #everybody() {
    const others = [...this.#others.values()].map(({ peerId, accountId, signPk, commitment }) => ({
      peerId,
      accountId,
      signPk: signPk ?? new Uint8Array(),
      commitment: commitment ?? new Uint8Array(),
    }));
    const { peerId, accountId, signPk, kemPk } = this.#self;
    const commitment = commitmentTo(this.#callId, this.number, { peerId, kemPk, nonce: this.#nonce });
    return inOrder([{ peerId, accountId, signPk, commitment }, ...others]);
  }

  #part(peerId: PeerId): Part {
    const part = this.#others.get(peerId);
    if (!part) throw new CryptoError('not_allowed', 'no member of this round');
    return part;
  }
}

function commitmentTo(callId: CallId, round: number, { peerId, kemPk, nonce }: Pick<Revealed, 'peerId' | 'kemPk' | 'nonce'>): Uint8Array {
  return hash('gim1/jc', fromBase64Url(callId), fromBase64Url(peerId), round, kemPk, nonce);
}
