import type { CallMember, CallMembers, CallView, MediaSource, PeerId, ProducerId, RemoteProducer } from '../../../server/protocol/calls.ts';
import { fromBase64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import type { CallId } from '../../../server/protocol/ids.ts';
import { CallAgreement, type CallAgreementState, type KeyChange } from '../../crypto/call-agreement.ts';
import { FrameOpener } from '../../crypto/frame-opener.ts';
import { FrameSealer } from '../../crypto/frame-sealer.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import type { RequestFunction } from '../../net/request.ts';
import type { TextCipher } from '../text/call-channel.ts';
import { Moments } from '../moments.ts';
import type { CallIdentities } from '../people/call-identities.ts';
import { FrameHealth, type FrameState } from './frame-health.ts';
import type { FrameWorker } from './frame-worker.ts';

export interface CallSecurityOptions {
  readonly call: CallView;
  readonly members: CallMembers;
  readonly peerId: PeerId;
  readonly identities: CallIdentities;
  readonly frames: FrameWorker;
  readonly request: RequestFunction;
  /** Keys have come or gone: what was refused may open now. */
  readonly onKeys: () => void;
  /** A new key seals what is sent from now on. */
  readonly onSealing: () => void;
}

const tickMs = 250;
const verifyMs = 30_000;

/** The keys of one joining of the call: how they are agreed, what is sealed with them, and whether what comes opens. */
export class CallSecurity implements TextCipher {
  readonly #options: CallSecurityOptions;
  readonly #agreement: CallAgreement;
  readonly #state: Subject<CallAgreementState>;
  readonly #health = new FrameHealth(() => performance.now());
  readonly #healthChanges = new Subject(0);
  readonly #sealer = new FrameSealer(['text']);
  readonly #openers = new Map<PeerId, FrameOpener>();
  readonly #awaited = new Moments();
  readonly #timer: ReturnType<typeof setInterval>;
  /** This page, as the newest list of members has it. */
  #self: CallMember;
  #verifiedAt = performance.now();
  #hasKey = false;

  constructor(options: CallSecurityOptions) {
    const { call, members, peerId, identities, frames } = options;
    this.#options = options;
    this.#self = selfOf(options, members);
    frames.listen(peerId, {
      keyed: () => options.onSealing(),
      sealed: (source, count) => this.#seen(() => this.#health.sealed(source, count)),
      opened: (producerId, count) => {
        if (count.passed > 0) this.#awaited.tell(producerId);
        this.#seen(() => this.#health.opened(producerId, count));
      },
    });
    const { accountId, signPk, signSk, isGuest } = identities;
    this.#agreement = new CallAgreement({
      callId: call.callId,
      self: { peerId, accountId, signPk, signSk },
      verify: async (member) => await identities.verify(call, member, this.#self),
      isGuest,
      conversationId: call.conversationId,
      epochs: () => identities.epochs(call),
      send: (to, signal) => this.#send(call.callId, to, signal),
      onKey: (change) => this.#apply(change),
      onChange: (state) => this.#state.set(state),
      now: () => performance.now(),
    });
    this.#state = new Subject(this.#agreement.state);
    this.#timer = setInterval(() => {
      this.#agreement.tick().catch(() => undefined);
      // That a device was revoked is told to its owner only.
      if (performance.now() - this.#verifiedAt > verifyMs) this.verifyAgain();
      // Frames that do not come any more are not counted.
      this.#seen(() => undefined);
    }, tickMs);
    // Keys are agreed while everything else is made.
    this.setMembers(members);
  }

  get state(): Observable<CallAgreementState> {
    return this.#state;
  }

  /** Changes whenever a frame was counted. */
  get frames(): Observable<number> {
    return this.#healthChanges;
  }

  /** Whether there is a key to seal with, so that something can be sent. */
  get hasKey(): boolean {
    return this.#hasKey;
  }

  /** Resolves when a frame of this track has opened, from now on. */
  async hasOpened(producerId: ProducerId): Promise<void> {
    await this.#awaited.of(producerId);
  }

  setMembers(members: CallMembers): void {
    this.#self = selfOf(this.#options, members);
    // A list without this page is about one that has gone; one that contradicts itself is found out by the others.
    this.#agreement.setMembers(members).catch(() => undefined);
  }

  /** What is refused is in the state's alarms, or was late. */
  receive(from: PeerId, signal: string): void {
    try {
      this.#agreement.receive(from, fromBase64Url(signal)).catch(() => undefined);
    } catch {
      // Not even bytes: nobody has sent that.
    }
  }

  /** Chains may have changed: somebody may be nobody now. */
  verifyAgain(): void {
    this.#verifiedAt = performance.now();
    this.#options.identities.refresh();
    this.#agreement.verifyAgain();
  }

  sealSender(sender: RTCRtpSender, source: MediaSource): void {
    this.#options.frames.seal(sender, { session: this.#options.peerId, source });
  }

  openReceiver(receiver: RTCRtpReceiver, { peerId, source, producerId }: RemoteProducer): void {
    this.#options.frames.open(receiver, { session: this.#options.peerId, from: peerId, source, producerId });
  }

  stateOf(producerId: ProducerId): FrameState {
    return this.#health.stateOf(producerId);
  }

  isSending(source: MediaSource): boolean {
    return this.#health.isSending(source);
  }

  async seal(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#hasKey ? await this.#sealer.seal('text', message, 0) : null;
  }

  async open(from: PeerId, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
    try {
      return (await this.#openers.get(from)?.open('text', sealed, 0)) ?? null;
    } catch {
      return null;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#agreement.close();
  }

  #send(callId: CallId, to: PeerId | null, signal: Uint8Array): void {
    const { request, peerId } = this.#options;
    // Whoever misses an answer sends again.
    request('call:signal', { callId, peerId, to, signal: toBase64Url(signal) }).catch(() => undefined);
  }

  #apply(change: KeyChange): void {
    const { frames, peerId, onKeys } = this.#options;
    frames.tell(peerId, change);
    if (change.type === 'send') {
      this.#sealer.use(change.key);
      this.#hasKey = true;
    } else if (change.type === 'receive') {
      const opener = this.#openers.get(change.peerId) ?? new FrameOpener(() => performance.now());
      this.#openers.set(change.peerId, opener);
      opener.add(change.key);
      this.#health.keyed();
    } else if (change.type === 'stop') {
      this.#hasKey = false;
      this.#sealer.stop();
      for (const opener of this.#openers.values()) opener.stop();
      this.#openers.clear();
    } else if (change.generation === null) {
      this.#openers.get(change.peerId)?.stop();
      this.#openers.delete(change.peerId);
    } else {
      this.#openers.get(change.peerId)?.drop(change.generation);
    }
    onKeys();
  }

  #seen(count: () => void): void {
    count();
    this.#healthChanges.set(this.#healthChanges.value + 1);
  }
}

function selfOf({ peerId, members }: CallSecurityOptions, { members: newest }: CallMembers): CallMember {
  const found = newest.find((member) => member.peerId === peerId) ?? members.members.find((member) => member.peerId === peerId);
  if (!found) throw new Error('the server does not list who has just joined');
  return found;
}
