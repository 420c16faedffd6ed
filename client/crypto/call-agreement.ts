import type { CallMembers, PeerId } from '../../server/protocol/calls.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { ensure } from '../../server/protocol/sodium.ts';
import type { Revealed } from './call-check.ts';
import { CallConduct } from './call-conduct.ts';
import { CallKeys } from './call-keys.ts';
import { isSameList, isSamePage, othersOf } from './call-members.ts';
import { type CallSignal, type KeyMessage, writeSignal } from './call-signals.ts';
import type { CallAgreementOptions, CallAgreementState } from './call-state.ts';
import { InTurn } from './in-turn.ts';
import { createKemPair } from './seal.ts';

export type { AgreedMember, CallAgreementOptions, CallAgreementState, CallAlarm, CallAlarmKind, KeyChange } from './call-state.ts';

/**
 * Who is in a call and has its keys, from the point of view of one page (crypto.md §8). No transport, no timers: it is told who is there, what
 * arrives and that time has passed, and says what to send, which keys to use and what people may be told. Signals may be lost, doubled, late
 * and out of order: whoever misses something asks for it again. What it refuses changes nothing but the alarms.
 */
export class CallAgreement {
  readonly #options: CallAgreementOptions;
  readonly #kem = createKemPair();
  readonly #keys: CallKeys;
  readonly #vouchers = new Map<string, Uint8Array>();
  readonly #unknown = new Set<AccountId>();
  readonly #turn = new InTurn();
  #conduct: CallConduct | null = null;
  /** Of the newest round that was complete, those who are still there. */
  #agreed: readonly Revealed[] = [];
  /** Keys that came before the round was complete, one of each. */
  readonly #early = new Map<PeerId, KeyMessage>();
  #isClosed = false;
  #told = '';

  constructor(options: CallAgreementOptions) {
    this.#options = options;
    const { callId, self, onKey, now } = options;
    const send = (to: PeerId, signal: CallSignal): void => options.send(to, writeSignal(signal, self.signSk));
    this.#keys = new CallKeys({ callId, peerId: self.peerId, kem: this.#kem, send, onKey, now });
  }

  get state(): CallAgreementState {
    const { check, round, isExcluded, alarms } = this.#conduct ?? { check: null, round: null, isExcluded: false, alarms: [] };
    return {
      phase: this.#isClosed ? 'closed' : check ? 'agreed' : 'agreeing',
      round: round?.number ?? 0,
      agreed: this.#agreed.map(({ peerId, accountId, signPk }) => ({ peerId, accountId, signPk, isKeyed: this.#keys.isKeyed(peerId) })),
      waitingFor: round?.missing ?? [],
      check: this.#agreed.length > 0 ? check : null,
      isExcluded,
      alarms,
    };
  }

  /** Whom the server says to be in the call, this page included. Throws `broken_chain` when it gives one round two lists of members. */
  async setMembers({ round, members }: CallMembers): Promise<void> {
    await this.#inTurn(async () => {
      const others = othersOf(members, this.#options.self.peerId);
      const before = this.#conduct;
      if (before && round <= before.round.number) {
        const isKnown = round < before.round.number || isSameList(others, before.members);
        ensure(isKnown, 'broken_chain', 'one round, two lists of members');
        return;
      }
      before?.end();
      this.#early.clear();
      await this.#keepAgreed((member) => others.some((other) => isSamePage(other, member)));
      this.#conduct = new CallConduct(round, others, {
        options: this.#options,
        kemPk: this.#kem.kemPk,
        vouchers: this.#vouchers,
        unknown: this.#unknown,
        inTurn: async (step) => await this.#inTurn(step),
        onAgreed: async (agreed) => await this.#agree(agreed),
        onLeftOut: async (peerIds) => await this.#keepAgreed(({ peerId }) => !peerIds.includes(peerId)),
      });
      await this.#conduct.begin();
    });
  }

  /** A signal of the page that the server says it is from. Rejects when it is refused; what is late, early or doubled is none. */
  async receive(from: PeerId, bytes: Uint8Array): Promise<void> {
    await this.#inTurn(async () => {
      const conduct = this.#conduct;
      await conduct?.alarming(from, async () => {
        const agreed = this.#agreed.find(({ peerId }) => peerId === from);
        const signal = conduct.believe(from, bytes, agreed?.signPk ?? null);
        if (signal?.type === 'key') this.#hearKey(signal);
        else if (signal?.type === 'ack') this.#keys.acknowledge(signal);
        else if (signal) await conduct.hear(signal);
      });
    });
  }

  /** Some four times a second. */
  async tick(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#conduct?.tick((id) => this.#agreed.some(({ peerId }) => peerId === id));
      await this.#change(() => this.#keys.tick());
    });
  }

  /** Chains have changed: a device was revoked, an official removed. Whoever is nobody any more is out at once. */
  verifyAgain(): void {
    this.#conduct?.verify();
  }

  /** The call is over for this page: all keys are wiped. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#keys.wipe();
    this.#early.clear();
    this.#conduct?.end();
    [this.#agreed, this.#conduct] = [[], null];
    this.#options.onKey({ type: 'stop' });
    this.#tell();
  }

  /** What comes is dealt with one after the other. */
  async #inTurn(step: () => Promise<void>): Promise<void> {
    await this.#turn.run(async () => {
      if (this.#isClosed) return;
      try {
        await step();
      } finally {
        this.#tell();
      }
    });
  }

  #hearKey(message: KeyMessage): void {
    if (this.#agreed.some(({ peerId }) => peerId === message.from)) this.#keys.receive(message);
    else this.#early.set(message.from, message);
  }

  async #agree(agreed: readonly Revealed[]): Promise<void> {
    this.#agreed = agreed;
    await this.#change(async () => await this.#keys.setPeers(agreed));
    const early = [...this.#early.values()];
    this.#early.clear();
    for (const message of early) await this.#conduct?.alarming(message.from, () => this.#hearKey(message)).catch(() => undefined);
  }

  async #keepAgreed(stays: (member: Revealed) => boolean): Promise<void> {
    const before = this.#agreed.length;
    this.#agreed = this.#agreed.filter(stays);
    if (this.#agreed.length < before) await this.#change(async () => await this.#keys.setPeers(this.#agreed));
  }

  /** When keys cannot be changed any more, the old ones must not be used either. */
  async #change(change: () => Promise<void> | void): Promise<void> {
    try {
      await change();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #tell(): void {
    const { state } = this;
    const told = JSON.stringify(state);
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onChange(state);
  }
}
