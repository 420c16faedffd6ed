import type { CallRole, CallView } from '../../server/protocol/calls.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { noFigures } from './media/call-figures.ts';
import type { CallPeer } from './media/call-peer.ts';
import { type CallMoment, type CallPerson, type CallSecurityState, type OwnPart, peopleOf, securityOf } from './call-moment.ts';
import type { CallTalk } from './call-talk.ts';

/** What a screen shows of a call, put together from its parts whenever one of them changes. */
export class CallScene {
  readonly #self: AccountId;
  readonly #talk: CallTalk;
  readonly #call = new Subject<CallView | null>(null);
  readonly #people = new Subject<readonly CallPerson[]>([]);
  readonly #own: Subject<OwnPart>;
  readonly #security = new Subject<CallSecurityState>({ state: 'alone', code: null, keys: [], alarms: [] });
  #peer: CallPeer | null = null;
  #stops: readonly (() => void)[] = [];
  #isStale = false;
  #isUnsupported = false;

  constructor(self: AccountId, talk: CallTalk) {
    this.#self = self;
    this.#talk = talk;
    this.#own = new Subject(this.#ownPart());
    talk.states.subscribe(() => this.#soon());
  }

  get call(): Observable<CallView | null> {
    return this.#call;
  }

  get people(): Observable<readonly CallPerson[]> {
    return this.#people;
  }

  get own(): Observable<OwnPart> {
    return this.#own;
  }

  get security(): Observable<CallSecurityState> {
    return this.#security;
  }

  roleOf(accountId: AccountId): CallRole | null {
    return this.#call.value?.participants.find((participant) => participant.accountId === accountId)?.role ?? null;
  }

  setCall(call: CallView): void {
    this.#call.set(call);
    this.#soon();
  }

  /** This page's present joining, or none; for good when this browser cannot seal. */
  follow(peer: CallPeer | null, { isUnsupported = false } = {}): void {
    this.#isUnsupported = isUnsupported;
    for (const stop of this.#stops) stop();
    this.#peer = peer;
    const parts = peer ? [peer.members, peer.remote.tracks, peer.security.state, peer.security.frames, peer.meter.figures] : [];
    this.#stops = parts.map((part: Observable<unknown>) => part.subscribe(() => this.#soon()));
    this.#soon();
  }

  /** Changes that come together are shown together. */
  #soon(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    queueMicrotask(() => {
      this.#isStale = false;
      this.#show();
    });
  }

  #show(): void {
    const moment = this.#moment();
    setIfChanged(this.#own, this.#ownPart());
    if (this.#isUnsupported) this.#security.set({ state: 'unsupported', code: null, keys: [], alarms: [] });
    if (!moment) return;
    for (const { accountId } of moment.call.participants) {
      if (!moment.members.some((member) => member.accountId === accountId)) this.#talk.forget(accountId);
    }
    setIfChanged(this.#people, peopleOf(moment));
    if (!this.#isUnsupported) setIfChanged(this.#security, securityOf(moment));
  }

  #moment(): CallMoment | null {
    const call = this.#call.value;
    const peer = this.#peer;
    if (!call) return null;
    return {
      self: this.#self,
      call,
      members: peer?.members.value.members ?? [],
      tracks: peer?.remote.tracks.value ?? [],
      agreement: peer?.security.state.value ?? null,
      figures: peer?.meter.figures.value ?? noFigures,
      frameStateOf: ({ producerId }) => peer?.security.stateOf(producerId) ?? 'waiting',
      isSending: (accountId) => peer?.remote.isSending(accountId) ?? false,
      toldBy: (accountId) => this.#talk.stateOf(accountId),
    };
  }

  #ownPart(): OwnPart {
    const peer = this.#peer;
    const told = this.#talk.stateOf(this.#self);
    const { isSpeaking, isSilent, line } = peer?.meter.figures.value ?? noFigures;
    return {
      accountId: this.#self,
      role: this.roleOf(this.#self),
      isSending: {
        microphone: peer?.security.isSending('microphone') ?? false,
        camera: peer?.security.isSending('camera') ?? false,
        screen: peer?.security.isSending('screen') ?? false,
      },
      isSpeaking,
      isSilent,
      isSigning: told.signing,
      agreesToKeepText: told.keepsText,
      isHeld: this.#call.value?.held === true,
      line,
    };
  }
}

/** Frames are counted all the time; a screen is drawn again only when that changes what it shows. Tracks are told apart by their producers. */
function setIfChanged<Value>(subject: Subject<Value>, value: Value): void {
  if (JSON.stringify(subject.value) !== JSON.stringify(value)) subject.set(value);
}
