import type { CallMember, PeerId } from '../../server/protocol/calls.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { CryptoError, type CryptoErrorCode, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { type CallCheck, callCheck, type Revealed } from './call-check.ts';
import { resendMs } from './call-keys.ts';
import { isSamePage } from './call-members.ts';
import { CallRound } from './call-round.ts';
import { type CallSignal, readSignal, type Reveal, type Vouch, writeSignal } from './call-signals.ts';
import type { CallAgreementOptions, CallAlarm, CallAlarmKind } from './call-state.ts';

/** A member of whom nothing is heard for this long is left out, if somebody else waits for him. */
const silentMs = 8_000;

/** What people are told of; the rest of what is refused may be honest and too early, or noise. */
const alarmOf: { readonly [Code in CryptoErrorCode]?: CallAlarmKind } = {
  bad_signature: 'forged',
  bad_id: 'changed-word',
  broken_chain: 'roster',
  bad_key: 'shared-key',
};

export interface ConductDependencies {
  readonly options: CallAgreementOptions;
  readonly kemPk: Uint8Array;
  /** Guests: those whose word for others is taken, with what they sign with; stays for the whole call. */
  readonly vouchers: Map<string, Uint8Array>;
  /** Who could not prove himself when he was here last: on whichever page he comes again, that is told at once. Stays for the whole call. */
  readonly unknown: Set<AccountId>;
  /** What is found out beside everything else waits for its turn. */
  readonly inTurn: (step: () => Promise<void>) => Promise<void>;
  readonly onAgreed: (others: readonly Revealed[]) => Promise<void>;
  readonly onLeftOut: (peerIds: readonly PeerId[]) => Promise<void>;
}

/** How this page gets through one round: who proves himself, what is said to whom, what is missing, who is left out. */
export class CallConduct {
  /** All but this page, as the server says. */
  readonly members: readonly CallMember[];
  readonly round: CallRound;
  /** Once all have agreed. */
  check: CallCheck | null = null;
  /** Others went on without this page. */
  isExcluded = false;
  alarms: readonly CallAlarm[];
  readonly #dependencies: ConductDependencies;
  readonly #options: CallAgreementOptions;
  #since: number;
  #askedAt: number;
  #isOver = false;
  /** Of whom `verify` has said nothing yet. */
  readonly #unverified: Set<PeerId>;
  /** Guests: whether somebody's word was taken. */
  #hasVouch = false;
  /** The people for whom own word was given last. */
  #saidFor: string | null = null;
  /** Whose word came before it could be taken. */
  readonly #hasty = new Set<PeerId>();

  constructor(number: number, members: readonly CallMember[], dependencies: ConductDependencies) {
    const { options, kemPk, unknown } = dependencies;
    this.members = members;
    this.alarms = members.flatMap(({ peerId, accountId }) => (unknown.has(accountId) ? [{ kind: 'unknown-member', peerId }] : []));
    this.round = new CallRound(options.callId, number, { ...options.self, kemPk, conversationId: options.conversationId }, members);
    this.#dependencies = dependencies;
    this.#options = options;
    [this.#since, this.#askedAt] = [options.now(), options.now()];
    this.#unverified = new Set(members.map(({ peerId }) => peerId));
  }

  async begin(): Promise<void> {
    this.#send(null, this.round.commit(false));
    this.verify();
    await this.#advance();
  }

  /** Another round has begun. */
  end(): void {
    this.#isOver = true;
  }

  /** Asks once more who everybody is. */
  verify(): void {
    for (const member of this.members) void this.#verify(member);
  }

  async tick(isAgreed: (peerId: PeerId) => boolean): Promise<void> {
    const now = this.#options.now();
    if (now - this.#askedAt >= resendMs) {
      this.#askedAt = now;
      for (const member of this.members) {
        if (this.#unverified.has(member.peerId)) void this.#verify(member);
        if (this.round.lacks(member.peerId)) this.#say(member, true);
      }
    }
    if (!this.check && now - this.#since >= silentMs) await this.#goOnWithoutSilent(isAgreed);
  }

  /**
   * The signal, once it is certain that it is from this page and for this call; null as long as it is not known who he is.
   * `agreedPk`: what he signed with in the round before; keys go on under it until this round knows better.
   */
  believe(from: PeerId, bytes: Uint8Array, agreedPk: Uint8Array | null): CallSignal | null {
    const { signal, isSignedBy } = readSignal(bytes);
    const member = this.#find(from);
    if (!member) return null;
    const lastPk = signal.type === 'key' || signal.type === 'ack' ? agreedPk : null;
    const signPk = signal.type === 'vouch' ? this.#dependencies.vouchers.get(member.accountId) : (this.round.signPkOf(from) ?? lastPk);
    ensure(Boolean(signPk) || this.round.has(from), 'not_allowed', 'a signal of somebody who is nobody here');
    // He is asked for it again as soon as he is known.
    if (!signPk) return null;
    const isHis = signal.from === from && signal.callId === this.#options.callId && isSignedBy(signPk);
    ensure(isHis, 'bad_signature', 'not signed by whom it is from, or for another call');
    return 'round' in signal && signal.round !== this.round.number ? null : signal;
  }

  async hear(signal: CallSignal & { readonly type: 'commit' | 'reveal' | 'vouch' }): Promise<void> {
    const member = this.#find(signal.from);
    if (!member) return;
    if (signal.type === 'vouch') await this.#hearVouch(signal);
    else if (signal.type === 'reveal') await this.#hearReveal(member, signal);
    else {
      if (this.round.has(signal.from)) this.round.acceptCommit(signal.from, signal.commitment);
      if (signal.asks === 1) this.#say(member, false);
      await this.#advance();
    }
  }

  /** What is refused with one of the alarming codes is told. */
  async alarming<Value>(peerId: PeerId, work: () => Promise<Value> | Value): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      const kind = error instanceof CryptoError ? alarmOf[error.code] : undefined;
      if (kind) this.#alarm(kind, peerId);
      throw error;
    }
  }

  /** It may take a while, and must not hold up a change of keys. */
  async #verify(member: CallMember): Promise<void> {
    try {
      const found = await this.#options.verify(member);
      await this.#dependencies.inTurn(async () => {
        if (this.#isOver || !this.round.has(member.peerId)) return;
        if (found && this.#options.isGuest) this.#dependencies.vouchers.set(member.accountId, found.signPk);
        if (found) await this.#identify(member, found.signPk);
        else if (!this.#options.isGuest) await this.#refuse(member);
      });
    } catch {
      // Asked again with the next second.
    }
  }

  async #identify(member: CallMember, signPk: Uint8Array): Promise<void> {
    this.#unverified.delete(member.peerId);
    const known = this.round.signPkOf(member.peerId);
    if (known && !equalBytes(known, signPk)) await this.#refuse(member);
    if (known) return;
    this.round.identify(member.peerId, signPk);
    this.#dependencies.unknown.delete(member.accountId);
    this.alarms = this.alarms.filter(({ kind, peerId }) => kind !== 'unknown-member' || peerId !== member.peerId);
    this.#vouch(this.members);
    // What he said until now was not believed.
    this.#say(member, true);
  }

  /** No key, no tile. */
  async #refuse({ peerId, accountId }: CallMember): Promise<void> {
    this.#unverified.delete(peerId);
    this.#dependencies.unknown.add(accountId);
    this.#alarm('unknown-member', peerId);
    await this.#leaveOut([peerId]);
    this.#vouch(this.members);
  }

  async #hearReveal({ peerId, grant }: CallMember, reveal: Reveal): Promise<void> {
    const { epochs, isGuest, conversationId, self } = this.#options;
    const { epoch } = reveal;
    const isInForce = isGuest || (epoch ? epochs().some((known) => equalBytes(known, epoch)) : grant !== null);
    // He may know a newer one: he says it again until this page knows it too.
    ensure(isInForce && reveal.conversationId === conversationId, 'stale_key', 'a call under other keys of the conversation');
    if (!this.round.isCommitted) this.#hasty.add(peerId);
    const leftOut = this.round.acceptReveal(reveal, (id) => id === self.peerId || this.#find(id) !== undefined);
    if (leftOut.includes(self.peerId)) [this.isExcluded, this.check] = [true, null];
    else await this.#leaveOut(leftOut);
  }

  /** Guests: who the others are, by the word of somebody who is known. The first one of a round holds. */
  async #hearVouch({ members }: Vouch): Promise<void> {
    if (!this.#options.isGuest || this.#hasVouch) return;
    this.#hasVouch = true;
    for (const member of this.members) {
      const vouched = members.find((one) => isSamePage(one, member));
      if (vouched?.guest === 0) this.#dependencies.vouchers.set(member.accountId, vouched.signPk);
      if (vouched) await this.#identify(member, vouched.signPk);
      else await this.#refuse(member);
    }
  }

  /** Says what can be said by now, and agrees when all is there. */
  async #advance(): Promise<void> {
    const { round } = this;
    if (!round.isCommitted || this.isExcluded) return;
    const people = String(round.members.map(({ peerId }) => peerId));
    if (this.#saidFor !== people) {
      [this.#saidFor, this.check] = [people, null];
      this.#send(null, this.#reveal());
      for (const member of this.members) if (this.#hasty.delete(member.peerId)) this.#say(member, true);
    }
    if (!round.isComplete || this.check) return;
    const { callId, self } = this.#options;
    this.check = callCheck(callId, round.number, round.revealed);
    await this.#dependencies.onAgreed(round.revealed.filter(({ peerId }) => peerId !== self.peerId));
  }

  async #leaveOut(peerIds: readonly PeerId[]): Promise<void> {
    for (const peerId of peerIds) this.round.leaveOut(peerId);
    await this.#dependencies.onLeftOut(peerIds);
    await this.#advance();
  }

  /**
   * On without those who come and say nothing; and, when somebody else who has come waits, without those of the round before who are silent
   * now. Nobody is left alone: then it is better to wait.
   */
  async #goOnWithoutSilent(isAgreed: (peerId: PeerId) => boolean): Promise<void> {
    const { heard, members } = this.round;
    const isAwaited = !members.some(({ peerId }) => isAgreed(peerId)) || heard.some((peerId) => !isAgreed(peerId));
    const silent = members.map(({ peerId }) => peerId).filter((peerId) => !heard.includes(peerId) && (isAwaited || !isAgreed(peerId)));
    if (heard.length === 0 || silent.length === 0) return;
    this.#since = this.#options.now();
    await this.#leaveOut(silent);
  }

  /** All of this round that a member may have missed. */
  #say(member: CallMember, asks: boolean): void {
    this.#vouch([member]);
    this.#send(member.peerId, this.round.commit(asks));
    if (this.round.isCommitted) this.#send(member.peerId, this.#reveal());
  }

  /** Tells guests who the others are, once all of them are known. */
  #vouch(to: readonly CallMember[]): void {
    if (this.#options.isGuest) return;
    const vouch = this.round.vouch((id) => this.members.some(({ peerId, grant }) => peerId === id && grant !== null));
    if (!vouch) return;
    for (const { peerId, grant } of to) if (grant !== null && this.round.signPkOf(peerId)) this.#send(peerId, vouch);
  }

  #reveal(): CallSignal {
    return this.round.reveal(this.#options.epochs()[0] ?? null);
  }

  #find(id: PeerId): CallMember | undefined {
    return this.members.find(({ peerId }) => peerId === id);
  }

  #send(to: PeerId | null, signal: CallSignal): void {
    this.#options.send(to, writeSignal(signal, this.#options.self.signSk));
  }

  #alarm(kind: CallAlarmKind, peerId: PeerId): void {
    if (!this.alarms.some((alarm) => alarm.kind === kind && alarm.peerId === peerId)) this.alarms = [...this.alarms, { kind, peerId }];
  }
}
