import { CallAgreement, type CallAgreementOptions, type CallAgreementState, type KeyChange } from '../../client/crypto/call-agreement.ts';
import { createDevice } from '../../client/crypto/device.ts';
import { FrameOpener } from '../../client/crypto/frame-opener.ts';
import { FrameSealer } from '../../client/crypto/frame-sealer.ts';
import { clearBytes, type FrameKind, type MediaKey } from '../../client/crypto/media-key.ts';
import { randomBytes } from '../../client/crypto/primitives.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import type { CallMember, CallRole, PeerId } from '../../server/protocol/calls.ts';
import { type AccountId, type DeviceId, idOf, newId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { Person } from './gim-world.ts';

/** Somebody with a key to sign with: a device's, or a guest's. */
export interface Caller {
  readonly name: string;
  readonly accountId: AccountId;
  readonly role: CallRole;
  readonly signPk: Uint8Array;
  readonly signSk: Uint8Array;
  /** Null for guests. */
  readonly deviceId: DeviceId | null;
  /** Guests: who has invited them. */
  readonly inviter: Caller | null;
}

export function caller(name: string, role: CallRole = 'official', inviter: Caller | null = null): Caller {
  const { signPk, signSk, deviceId } = createDevice('browser');
  return { name, accountId: idOf(randomBytes(32)), role, signPk, signSk, deviceId: inviter ? null : idOf(deviceId), inviter };
}

/** Somebody with a chain, at the device he uses now. */
export function callerOf({ id, device }: Person, name: string, role: CallRole): Caller {
  return { name, accountId: idOf(id), role, signPk: device.signPk, signSk: device.signSk, deviceId: idOf(device.deviceId), inviter: null };
}

/** A signal on its way. */
export interface Delivery {
  readonly from: Page;
  readonly to: Page;
  readonly signal: Uint8Array;
}

export const camera = new Uint8Array(200).fill(7);

/** One page of somebody: the agreement, and what becomes of its keys. */
export class Page {
  readonly caller: Caller;
  readonly member: CallMember;
  readonly agreement: CallAgreement;
  readonly changes: KeyChange['type'][] = [];
  readonly refusals: string[] = [];
  readonly sealer = new FrameSealer(['camera', 'microphone']);
  readonly openers = new Map<PeerId, FrameOpener>();
  /** The newest key of each other, for whoever would misuse it. */
  readonly known = new Map<PeerId, MediaKey>();
  #state: CallAgreementState | null = null;

  constructor(call: AgreeingCall, who: Caller) {
    this.caller = who;
    const grant = who.inviter ? toBase64Url(randomBytes(4)) : null;
    this.member = { peerId: newId(), accountId: who.accountId, role: who.role, deviceId: who.deviceId, grant };
    const { callId, conversationId, epochs } = call;
    this.agreement = new CallAgreement({
      callId,
      self: { ...who, peerId: this.member.peerId },
      isGuest: who.inviter !== null,
      conversationId,
      epochs: () => (who.inviter ? [] : epochs),
      verify: async (member) => (who.inviter && who.inviter.accountId !== member.accountId ? null : await call.recognise(member)),
      send: (to, signal) => call.carry(this, to, signal),
      onKey: (change) => this.#onKey(change, call),
      onChange: (state) => {
        this.#state = state;
      },
      now: () => call.nowMs,
    });
  }

  get peerId(): PeerId {
    return this.member.peerId;
  }

  get state(): CallAgreementState {
    return this.#state ?? this.agreement.state;
  }

  #onKey(change: KeyChange, call: AgreeingCall): void {
    this.changes.push(change.type);
    if (change.type === 'send') this.sealer.use(change.key);
    else if (change.type === 'stop') this.#stop();
    else if (change.type === 'receive') {
      this.known.set(change.peerId, { ...change.key, baseKey: change.key.baseKey.slice() });
      const opener = this.openers.get(change.peerId) ?? new FrameOpener(() => call.nowMs);
      opener.add(change.key);
      this.openers.set(change.peerId, opener);
    } else if (change.generation !== null) this.openers.get(change.peerId)?.drop(change.generation);
    else {
      this.openers.get(change.peerId)?.stop();
      this.openers.delete(change.peerId);
    }
  }

  #stop(): void {
    this.sealer.stop();
    for (const opener of this.openers.values()) opener.stop();
    this.openers.clear();
  }

  async film(kind: FrameKind = 'camera'): Promise<Uint8Array<ArrayBuffer>> {
    return await this.sealer.seal(kind, camera, clearBytes(kind, 'delta'));
  }

  /** What becomes of a frame of another page: `opened`, or the code it is dropped with. */
  async sees(from: Page, frame: Uint8Array<ArrayBuffer>, kind: FrameKind = 'camera'): Promise<string> {
    const opener = this.openers.get(from.peerId);
    if (!opener) return 'no key';
    try {
      const opened = await opener.open(kind, frame, clearBytes(kind, 'delta'));
      return String(opened) === String(camera) ? 'opened' : 'another frame';
    } catch (error) {
      if (error instanceof CryptoError) return error.code;
      throw error;
    }
  }
}

/** A call whose server can be bent: who is named to whom, what is handed on. Time passes when it is told to. */
export class AgreeingCall {
  readonly callId = newId<'call'>();
  readonly conversationId = newId<'conversation'>();
  readonly epochs: Uint8Array[] = [randomBytes(32)];
  /** What everybody knows of everybody: the device that is active. */
  readonly chains = new Map<AccountId, Uint8Array>();
  recognise: CallAgreementOptions['verify'] = ({ accountId }) => {
    const signPk = this.chains.get(accountId);
    return Promise.resolve(signPk ? { signPk } : null);
  };
  readonly pages: Page[] = [];
  nowMs = 0;
  round = 0;
  /** What the server makes of a signal: none, one or several. */
  relay: (delivery: Delivery) => readonly Delivery[] = (delivery) => [delivery];
  /** Takes the next one out of the line. */
  take: (line: Delivery[]) => Delivery | undefined = (line) => line.shift();
  #line: Delivery[] = [];

  /** Comes with a new page; an earlier page of the same person is replaced. Everybody is told. */
  async join(who: Caller): Promise<Page> {
    if (!this.chains.has(who.accountId)) this.chains.set(who.accountId, who.signPk);
    const page = new Page(this, who);
    await this.#drop((other) => other.caller.accountId === who.accountId);
    this.pages.push(page);
    await this.announce();
    return page;
  }

  async leave(who: Caller): Promise<void> {
    await this.#drop((page) => page.caller === who);
    await this.announce();
  }

  async #drop(isGone: (page: Page) => boolean): Promise<void> {
    for (const page of this.pages.filter(isGone)) this.pages.splice(this.pages.indexOf(page), 1);
  }

  async announce(named: readonly CallMember[] = this.pages.map(({ member }) => member)): Promise<void> {
    this.round += 1;
    for (const page of this.pages) await page.agreement.setMembers({ round: this.round, members: named });
  }

  carry(from: Page, to: PeerId | null, signal: Uint8Array): void {
    for (const page of this.pages)
      if (page !== from && (to === null || to === page.peerId)) this.#line.push(...this.relay({ from, to: page, signal }));
  }

  /** Until nothing is under way any more. */
  async settle(): Promise<void> {
    do {
      for (let next = this.take(this.#line); next; next = this.take(this.#line)) await this.#deliver(next);
      await new Promise((resolve) => setImmediate(resolve));
      for (const { agreement } of this.pages) await agreement.tick();
    } while (this.#line.length > 0);
  }

  async #deliver({ from, to, signal }: Delivery): Promise<void> {
    if (!this.pages.includes(to)) return;
    await to.agreement.receive(from.peerId, signal).catch((error: unknown) => {
      if (!(error instanceof CryptoError)) throw error;
      to.refusals.push(error.code);
    });
  }

  async pass(durationMs: number): Promise<void> {
    for (const end = this.nowMs + durationMs; this.nowMs < end;) {
      this.nowMs += 250;
      for (const { agreement } of this.pages) await agreement.tick();
      await this.settle();
    }
  }

  /** Everybody's frames at everybody else's, by who sees whom: all of them `opened` when it is well. */
  async seen(kind: FrameKind = 'camera'): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const from of this.pages)
      for (const to of this.pages)
        if (to !== from) found[`${from.caller.name} → ${to.caller.name}`] = await to.sees(from, await from.film(kind), kind);
    return found;
  }
}
