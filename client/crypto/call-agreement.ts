import type { CallMember, CallMembers, PeerId } from '../../server/protocol/calls.ts';
import { CryptoError, type CryptoErrorCode, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { type CallCheck, callCheck, type Revealed } from './call-check.ts';
import { CallKeys, resendMs } from './call-keys.ts';
import { isSameList, isSamePage, othersOf } from './call-members.ts';
import { CallRound } from './call-round.ts';
import { type CallSignal, type KeyMessage, readSignal, type Reveal, type Vouch, writeSignal } from './call-signals.ts';
import type { CallAgreementOptions, CallAgreementState, CallAlarm, CallAlarmKind } from './call-state.ts';
import { InTurn } from './in-turn.ts';
import { createKemPair } from './seal.ts';

export type { AgreedMember, CallAgreementOptions, CallAgreementState, CallAlarm, CallAlarmKind, KeyChange } from './call-state.ts';

/** A member of whom nothing is heard for this long is left out, if somebody else waits for him. */
const silentMs = 8_000;

/** What people are told of; the rest of what is refused may be honest and too early, or noise. */
const alarmOf: { readonly [Code in CryptoErrorCode]?: CallAlarmKind } = {
  bad_signature: 'forged',
  bad_id: 'changed-word',
  broken_chain: 'roster',
  bad_key: 'shared-key',
};

/**
 * Who is in a call and has its keys, from the point of view of one page (crypto.md §8). No transport, no timers: it is told who is there, what
 * arrives and that time has passed, and says what to send, which keys to use and what people may be told. Signals may be lost, doubled, late
 * and out of order: whoever misses something asks for it again. What it refuses changes nothing but the alarms.
 */
export class CallAgreement {
  readonly #options: CallAgreementOptions;
  readonly #kem = createKemPair();
  readonly #keys: CallKeys;
  readonly #turn = new InTurn();
  /** All but this page, as the server says. */
  #members: readonly CallMember[] = [];
  #round: CallRound | null = null;
  #roundSince = 0;
  #askedAt = 0;
  /** The people for whom own word was given last. */
  #saidFor: string | null = null;
  /** Whose word came before it could be taken. */
  readonly #hasty = new Set<PeerId>();
  #agreed: readonly Revealed[] = [];
  #check: CallCheck | null = null;
  /** Of whom `verify` has said nothing yet. */
  readonly #unverified = new Set<PeerId>();
  /** Guests: whether somebody's word was taken in this round, and the keys of those whose word is. */
  #hasVouch = false;
  readonly #vouchers = new Map<string, Uint8Array>();
  /** Keys that came before the round was complete, one of each. */
  readonly #early = new Map<PeerId, KeyMessage>();
  #alarms: readonly CallAlarm[] = [];
  #isExcluded = false;
  #isClosed = false;
  #told = '';

  constructor(options: CallAgreementOptions) {
    this.#options = options;
    const { callId, self, onKey, now } = options;
    const send = (to: PeerId, signal: CallSignal): void => this.#send(to, signal);
    this.#keys = new CallKeys({ callId, peerId: self.peerId, kem: this.#kem, send, onKey, now });
  }

  get state(): CallAgreementState {
    const isAgreed = this.#check !== null && !this.#isExcluded;
    return {
      phase: this.#isClosed ? 'closed' : isAgreed ? 'agreed' : 'agreeing',
      round: this.#round?.number ?? 0,
      agreed: this.#agreed.map(({ peerId, accountId, signPk }) => ({ peerId, accountId, signPk, isKeyed: this.#keys.isKeyed(peerId) })),
      waitingFor: this.#round?.missing ?? [],
      check: isAgreed && this.#agreed.length > 0 ? this.#check : null,
      isExcluded: this.#isExcluded,
      alarms: this.#alarms,
    };
  }

  /** Whom the server says to be in the call, this page included. Throws `broken_chain` when it gives one round two lists of members. */
  async setMembers({ round, members }: CallMembers): Promise<void> {
    await this.#inTurn(async () => {
      const others = othersOf(members, this.#options.self.peerId);
      if (!this.#round || round > this.#round.number) await this.#begin(round, others);
      else ensure(round < this.#round.number || isSameList(others, this.#members), 'broken_chain', 'one round, two lists of members');
    });
  }

  /** A signal of the page that the server says it is from. Rejects when it is refused; what is late, early or doubled is none. */
  async receive(from: PeerId, signal: Uint8Array): Promise<void> {
    await this.#inTurn(async () => await this.#alarming(from, async () => await this.#hear(from, signal)));
  }

  /** Some four times a second. */
  async tick(): Promise<void> {
    await this.#inTurn(async () => {
      const [now, round] = [this.#options.now(), this.#round];
      if (round && now - this.#askedAt >= resendMs) {
        this.#askedAt = now;
        for (const member of this.#members) {
          if (this.#unverified.has(member.peerId)) void this.#verify(member, round);
          if (round.lacks(member.peerId)) this.#say(round, member, true);
        }
      }
      if (round && !this.#check && now - this.#roundSince >= silentMs) await this.#goOnWithout(round);
      await this.#withKeys(async () => this.#keys.tick());
    });
  }

  /** Chains have changed: a device was revoked, an official removed. Whoever is nobody any more is out at once. */
  verifyAgain(): void {
    const round = this.#round;
    if (round) for (const member of this.#members) void this.#verify(member, round);
  }

  /** The call is over for this page: all keys are wiped. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#keys.wipe();
    this.#early.clear();
    [this.#agreed, this.#check] = [[], null];
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

  async #begin(number: number, others: readonly CallMember[]): Promise<void> {
    const { callId, self, conversationId, now } = this.#options;
    const round = new CallRound(callId, number, { ...self, kemPk: this.#kem.kemPk, conversationId }, others);
    [this.#round, this.#members, this.#roundSince, this.#askedAt] = [round, others, now(), now()];
    [this.#alarms, this.#isExcluded, this.#hasVouch, this.#saidFor, this.#check] = [[], false, false, null, null];
    for (const left of [this.#early, this.#hasty, this.#unverified]) left.clear();
    await this.#keepAgreed((member) => others.some((other) => isSamePage(other, member)));
    this.#send(null, round.commit(false));
    for (const member of others) {
      this.#unverified.add(member.peerId);
      void this.#verify(member, round);
    }
    await this.#advance(round);
  }

  /** Asked beside everything else: it may take a while, and must not hold up a change of keys. */
  async #verify(member: CallMember, round: CallRound): Promise<void> {
    try {
      const found = await this.#options.verify(member);
      await this.#inTurn(async () => {
        if (this.#round !== round || !round.has(member.peerId)) return;
        if (found && this.#options.isGuest) this.#vouchers.set(member.accountId, found.signPk);
        if (found) await this.#identify(round, member, found.signPk);
        else if (!this.#options.isGuest) await this.#refuse(round, member.peerId);
      });
    } catch {
      // Asked again with the next second.
    }
  }

  async #identify(round: CallRound, member: CallMember, signPk: Uint8Array): Promise<void> {
    this.#unverified.delete(member.peerId);
    const known = round.signPkOf(member.peerId);
    if (known && equalBytes(known, signPk)) return;
    if (known) await this.#refuse(round, member.peerId);
    else {
      round.identify(member.peerId, signPk);
      this.#vouch(round, this.#members);
      // What he said until now was not believed.
      this.#say(round, member, true);
    }
  }

  /** No key, no tile. */
  async #refuse(round: CallRound, peerId: PeerId): Promise<void> {
    this.#unverified.delete(peerId);
    this.#alarm('unknown-member', peerId);
    await this.#leaveOut(round, [peerId]);
    this.#vouch(round, this.#members);
  }

  async #hear(from: PeerId, bytes: Uint8Array): Promise<void> {
    const { signal, isSignedBy } = readSignal(bytes);
    const [round, member] = [this.#round, this.#members.find(({ peerId }) => peerId === from)];
    if (!round || !member) return;
    const signPk = signal.type === 'vouch' ? this.#vouchers.get(member.accountId) : round.signPkOf(from);
    ensure(Boolean(signPk) || round.has(from), 'not_allowed', 'a signal of somebody who is nobody here');
    // Asked for again as soon as it is known who he is.
    if (!signPk) return;
    const isHis = signal.from === from && signal.callId === this.#options.callId && isSignedBy(signPk);
    ensure(isHis, 'bad_signature', 'not signed by whom it is from, or for another call');
    if ('round' in signal && signal.round !== round.number) return;
    if (signal.type === 'key') await this.#hearKey(signal);
    else if (signal.type === 'ack') this.#keys.acknowledge(signal);
    else if (signal.type === 'vouch') await this.#hearVouch(round, signal);
    else if (signal.type === 'reveal') await this.#hearReveal(round, member, signal);
    else {
      if (round.has(from)) round.acceptCommit(from, signal.commitment);
      if (signal.asks === 1) this.#say(round, member, false);
      await this.#advance(round);
    }
  }

  async #hearReveal(round: CallRound, { peerId, grant }: CallMember, reveal: Reveal): Promise<void> {
    const { epochs, isGuest, conversationId, self } = this.#options;
    const { epoch } = reveal;
    const isInForce = isGuest || (epoch ? epochs().some((known) => equalBytes(known, epoch)) : grant !== null);
    // He may know a newer one: he says it again until this page knows it too.
    ensure(isInForce && reveal.conversationId === conversationId, 'stale_key', 'a call under other keys of the conversation');
    if (!round.isCommitted) this.#hasty.add(peerId);
    const leftOut = round.acceptReveal(reveal, (id) => id === self.peerId || this.#members.some((member) => member.peerId === id));
    if (leftOut.includes(self.peerId)) [this.#isExcluded, this.#check] = [true, null];
    else await this.#leaveOut(round, leftOut);
  }

  /** Guests: who the others are, by the word of somebody who is known. The first one of a round holds. */
  async #hearVouch(round: CallRound, { members }: Vouch): Promise<void> {
    if (!this.#options.isGuest || this.#hasVouch) return;
    this.#hasVouch = true;
    for (const member of this.#members) {
      const vouched = members.find((one) => isSamePage(one, member));
      if (vouched?.guest === 0) this.#vouchers.set(member.accountId, vouched.signPk);
      if (vouched) await this.#identify(round, member, vouched.signPk);
      else await this.#refuse(round, member.peerId);
    }
  }

  async #hearKey(message: KeyMessage): Promise<void> {
    if (this.#agreed.some(({ peerId }) => peerId === message.from)) this.#keys.receive(message);
    else this.#early.set(message.from, message);
  }

  /** Says what can be said by now, and agrees when all is there. */
  async #advance(round: CallRound): Promise<void> {
    if (!round.isCommitted || this.#isExcluded) return;
    const people = String(round.members.map(({ peerId }) => peerId));
    if (this.#saidFor !== people) {
      [this.#saidFor, this.#check] = [people, null];
      this.#send(null, this.#reveal(round));
      for (const member of this.#members) if (this.#hasty.delete(member.peerId)) this.#say(round, member, true);
    }
    if (!round.isComplete || this.#check) return;
    const { callId, self } = this.#options;
    this.#check = callCheck(callId, round.number, round.revealed);
    this.#agreed = round.revealed.filter(({ peerId }) => peerId !== self.peerId);
    await this.#withKeys(async () => await this.#keys.setPeers(this.#agreed));
    for (const early of this.#early.values())
      await this.#alarming(early.from, async () => await this.#hearKey(early)).catch(() => undefined);
    this.#early.clear();
  }

  async #leaveOut(round: CallRound, peerIds: readonly PeerId[]): Promise<void> {
    for (const peerId of peerIds) round.leaveOut(peerId);
    await this.#keepAgreed(({ peerId }) => !peerIds.includes(peerId));
    await this.#advance(round);
  }

  async #keepAgreed(stays: (member: Revealed) => boolean): Promise<void> {
    const before = this.#agreed.length;
    this.#agreed = this.#agreed.filter(stays);
    if (this.#agreed.length < before) await this.#withKeys(async () => await this.#keys.setPeers(this.#agreed));
  }

  /** Somebody new waits, and somebody else is silent: on without the silent. Those who have agreed before go on as they are. */
  async #goOnWithout(round: CallRound): Promise<void> {
    const { heard } = round;
    const isAwaited = this.#agreed.length === 0 || heard.some((id) => !this.#agreed.some(({ peerId }) => peerId === id));
    if (heard.length === 0 || !isAwaited) return;
    this.#roundSince = this.#options.now();
    await this.#leaveOut(
      round,
      round.members.map(({ peerId }) => peerId).filter((peerId) => !heard.includes(peerId)),
    );
  }

  /** All of this round that a member may have missed. */
  #say(round: CallRound, member: CallMember, asks: boolean): void {
    this.#vouch(round, [member]);
    this.#send(member.peerId, round.commit(asks));
    if (round.isCommitted) this.#send(member.peerId, this.#reveal(round));
  }

  /** Tells guests who the others are, once all of them are known. */
  #vouch(round: CallRound, to: readonly CallMember[]): void {
    if (this.#options.isGuest) return;
    const vouch = round.vouch((id) => this.#members.some(({ peerId, grant }) => peerId === id && grant !== null));
    if (!vouch) return;
    for (const { peerId, grant } of to) if (grant !== null && round.signPkOf(peerId)) this.#send(peerId, vouch);
  }

  #reveal(round: CallRound): CallSignal {
    return round.reveal(this.#options.epochs()[0] ?? null);
  }

  #send(to: PeerId | null, signal: CallSignal): void {
    this.#options.send(to, writeSignal(signal, this.#options.self.signSk));
  }

  /** When keys cannot be changed any more, the old ones must not be used either. */
  async #withKeys(change: () => Promise<void>): Promise<void> {
    try {
      await change();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #alarming(peerId: PeerId, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const kind = error instanceof CryptoError ? alarmOf[error.code] : undefined;
      if (kind) this.#alarm(kind, peerId);
      throw error;
    }
  }

  #alarm(kind: CallAlarmKind, peerId: PeerId): void {
    if (!this.#alarms.some((alarm) => alarm.kind === kind && alarm.peerId === peerId)) this.#alarms = [...this.#alarms, { kind, peerId }];
  }

  #tell(): void {
    const { state } = this;
    const told = JSON.stringify(state);
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onChange(state);
  }
}
