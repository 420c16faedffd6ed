import { type CallView, type MediaSource, type PeerId, sourcesOfRole } from '../../server/protocol/calls.ts';
import type { AccountId, CallId } from '../../server/protocol/ids.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import { retryDelayMs } from '../net/retry-delay.ts';
import { pause } from './ask-again.ts';
import type { CallIdentities } from './people/call-identities.ts';
import { CallPeer, type MediaState, type PeerLoss } from './media/call-peer.ts';
import type { CallPerson, CallSecurityState, OwnPart } from './call-moment.ts';
import { CallScene } from './call-scene.ts';
import { CallTalk } from './call-talk.ts';
import type { ChannelMessage } from './text/channel-message.ts';
import { listenToCall } from './call-news.ts';
import { canSealFrames, FrameWorker } from './frames/frame-worker.ts';
import type { LiveText } from './text/live-text.ts';
import { onNetworkChange, onPageHide } from './page-events.ts';
import { Preferences } from './media/preferences.ts';
import type { Preference } from './media/remote-tracks.ts';

export type { CallPerson, CallSecurityState, OwnPart, RemoteTrack, SecurityAlarmReason, Trust } from './call-moment.ts';

/**
 * `joining`: not in the call yet, or not again yet. `joined`: in it, with nothing to send or receive so far.
 * `connected`: media flows. `interrupted`: it did and is being mended; no need to do anything.
 * Final: `replaced`: the call went on in another window. `ended`: it is over. `unsupported`: this browser cannot make calls, or could not
 * seal them. `closed`: by `close`.
 */
export type CallConnectionState = 'joining' | 'joined' | 'connected' | 'interrupted' | 'replaced' | 'ended' | 'unsupported' | 'closed';

export interface CallConnectionOptions {
  readonly callId: CallId;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  /** The line to the server: after it was lost, notifications may be missing. */
  readonly connection: Observable<Pick<ConnectionState, 'status'>>;
  /** Who this page is, and how it knows the others. */
  readonly identities: CallIdentities;
}

const stateOfMedia: Record<MediaState, CallConnectionState> = { idle: 'joined', connected: 'connected', interrupted: 'interrupted' };
const maxDelayMs = 3_000;
const calmAfterMs = 10_000;

/**
 * This page's part in a call. It joins at once and comes back by itself: after a lost line, another network, a dead
 * worker, a restarted sfu or server. Nothing leaves it unsealed. Whoever makes it closes it; the tracks stay the caller's.
 */
export class CallConnection {
  readonly #options: CallConnectionOptions;
  readonly #state = new Subject<CallConnectionState>('joining');
  readonly #scene: CallScene;
  readonly #talk: CallTalk;
  readonly #preferences = new Preferences();
  /** What the person wants, and of it what may be sent at the moment. */
  readonly #asked = new Map<MediaSource, { readonly track: MediaStreamTrack | null; readonly paused: boolean }>();
  readonly #wanted = new Map<MediaSource, { readonly track: MediaStreamTrack | null; readonly paused: boolean }>();
  readonly #closing = new AbortController();
  #stops: readonly (() => void)[] = [];
  #frames: FrameWorker | null = null;
  #peer: CallPeer | null = null;
  /** What was heard while this page was joining; the answer may be older than that. */
  #early: ((peer: CallPeer) => void)[] = [];
  #keepsFrames = false;
  #wasConnected = false;
  #joinedAt = 0;
  #lossesInARow = 0;

  constructor(options: CallConnectionOptions) {
    this.#options = options;
    this.#talk = new CallTalk(options.identities.accountId);
    this.#scene = new CallScene(options.identities.accountId, this.#talk);
    if (!canSealFrames()) {
      this.#end('unsupported');
      return;
    }
    this.#frames = this.#startFrames();
    this.#stops = this.#listen();
    void this.#join();
  }

  get state(): Observable<CallConnectionState> {
    return this.#state;
  }

  /** As it was told last; null before joining. */
  get call(): Observable<CallView | null> {
    return this.#scene.call;
  }

  /** The others, as the call lists them. */
  get people(): Observable<readonly CallPerson[]> {
    return this.#scene.people;
  }

  get own(): Observable<OwnPart> {
    return this.#scene.own;
  }

  get security(): Observable<CallSecurityState> {
    return this.#scene.security;
  }

  get text(): LiveText {
    return this.#talk.text;
  }

  /** Sends this track from now on, instead of an earlier one of its source; null: none. Before joining, too. */
  publish(source: MediaSource, track: MediaStreamTrack | null): void {
    this.#asked.set(source, { track, paused: this.#asked.get(source)?.paused ?? false });
    this.#sync([source]);
  }

  /** Mutes, or hides the picture, without giving the device back. Nothing of it is sent. */
  setPaused(source: MediaSource, paused: boolean): void {
    this.#asked.set(source, { track: this.#asked.get(source)?.track ?? null, paused });
    this.#sync([source]);
  }

  setSigning(signing: boolean): void {
    this.#talk.tell({ signing });
  }

  agreeToKeepText(keepsText: boolean): void {
    this.#talk.tell({ keepsText });
  }

  /** The own camera keeps its frames, and gives up resolution first: hands are read. */
  setSignLanguage(keepsFrames: boolean): void {
    this.#keepsFrames = keepsFrames;
    this.#peer?.published.keepFrames(keepsFrames);
  }

  /** Which picture gives way last on a bad line, and whether it is shown small. Kept over a rejoin. */
  prefer(source: MediaSource, accountId: AccountId, preference: Partial<Preference>): void {
    this.#preferences.set(source, accountId, preference);
    this.#peer?.remote.prefer(accountId, source);
  }

  close(): void {
    this.#end('closed');
  }

  async #join(): Promise<void> {
    this.#setState('joining');
    if (this.#lossesInARow > 1) await this.#pause(retryDelayMs(this.#lossesInARow));
    for (let attempt = 1; !this.#closing.signal.aborted; attempt += 1) {
      try {
        await this.#joinOnce();
        return;
      } catch (error) {
        if (!(error instanceof RequestError)) return this.#end('unsupported');
        if (error.code === 'conflict') return this.#end('replaced');
        if (!error.retryable) return this.#end('ended');
        await this.#pause(error.retryAfterMs ?? Math.min(retryDelayMs(attempt), maxDelayMs));
      }
    }
  }

  async #pause(durationMs: number): Promise<void> {
    await pause(durationMs, this.#closing.signal).catch(() => undefined);
  }

  async #joinOnce(): Promise<void> {
    const { callId, request, identities } = this.#options;
    this.#early = [];
    this.#frames ??= this.#startFrames();
    const peer = await CallPeer.join({
      callId,
      request,
      identities,
      frames: this.#frames,
      wanted: this.#wanted,
      preferenceOf: (producer) => this.#preferences.of(producer, this.#scene.roleOf(producer.accountId)),
      onMessage: (from, message) => this.#onMessage(from, message),
      onChannel: () => this.#onChannel(),
      onJoined: (call) => this.#onCall(call),
      onLost: (loss) => this.#lost(loss),
    });
    if (this.#closing.signal.aborted) {
      peer.close();
      return;
    }
    this.#peer = peer;
    this.#joinedAt = performance.now();
    if (this.#keepsFrames) peer.published.keepFrames(true);
    peer.media.subscribe((media) => this.#setState(stateOfMedia[media]));
    peer.security.state.subscribe(({ isExcluded }) => isExcluded && this.#rejoin());
    this.#setState(stateOfMedia[peer.media.value]);
    this.#scene.follow(peer);
    for (const news of this.#early.splice(0)) news(peer);
    this.#onChannel();
  }

  #lost(loss: PeerLoss): void {
    this.#peer = null;
    this.#talk.attach(null);
    this.#scene.follow(null);
    if (loss !== 'gone') {
      this.#end(loss);
      return;
    }
    // Back at once after one loss; whoever loses again and again waits longer each time.
    this.#lossesInARow = performance.now() - this.#joinedAt < calmAfterMs ? this.#lossesInARow + 1 : 0;
    void this.#join();
  }

  #listen(): readonly (() => void)[] {
    const { callId, on, connection } = this.#options;
    return [
      ...listenToCall(callId, on, (news) => this.#tell(news)),
      on('call:peer-replaced', (fact) => fact.callId === callId && fact.peerId === this.#peer?.peerId && this.#end('replaced')),
      on('call:room-lost', (fact) => fact.callId === callId && this.#rejoin()),
      on('call:changed', ({ call }) => call.callId === callId && this.#onCall(call)),
      connection.subscribe(({ status }) => status === 'connected' && void this.#peer?.check()),
      onNetworkChange(() => this.#peer?.restartIce()),
      onPageHide(() => this.close()),
    ];
  }

  #tell(news: (peer: CallPeer) => void): void {
    if (this.#peer) news(this.#peer);
    else this.#early.push(news);
  }

  #onCall(call: CallView): void {
    this.#scene.setCall(call);
    this.#sync([...this.#asked.keys()]);
    if (call.state === 'ended') this.#end('ended');
  }

  #onMessage(from: PeerId, message: ChannelMessage): void {
    const member = this.#peer?.members.value.members.find(({ peerId }) => peerId === from);
    if (member) this.#talk.received(member, message);
  }

  /** Somebody is heard, or there are keys: what was said before is said to him. */
  #onChannel(): void {
    const peer = this.#peer;
    const isOpen = peer !== null && peer.channel.isOpen && peer.security.hasKey;
    this.#talk.attach(isOpen ? (message) => peer.channel.send(message) : null);
    if (isOpen) this.#talk.greet();
  }

  /** A held call sends neither sound nor picture, and nobody sends what his role does not. */
  #sync(sources: readonly MediaSource[]): void {
    const role = this.#scene.roleOf(this.#options.identities.accountId);
    const isHeld = this.#scene.call.value?.held === true;
    for (const source of sources) {
      const asked = this.#asked.get(source);
      const isAllowed = role === null || sourcesOfRole[role].includes(source);
      if (!asked || !isAllowed) this.#wanted.delete(source);
      else this.#wanted.set(source, { track: asked.track, paused: asked.paused || isHeld });
      this.#peer?.publish(source);
    }
  }

  #rejoin(): void {
    // While it joins anyway, that is enough.
    this.#peer?.lose('gone');
  }

  #startFrames(): FrameWorker {
    const frames = new FrameWorker(() => {
      // Another one has other counters, so it needs other keys: the page joins as another peer.
      frames.close();
      this.#frames = null;
      this.#rejoin();
    });
    return frames;
  }

  #setState(state: CallConnectionState): void {
    if (this.#closing.signal.aborted) return;
    if (state === 'connected') this.#wasConnected = true;
    this.#state.set(this.#isMending(state) ? 'interrupted' : state);
  }

  /** Joining again is the same interruption to a person, until what they send flows again. */
  #isMending(state: CallConnectionState): boolean {
    const sends = [...this.#wanted.values()].some(({ track }) => track !== null);
    return this.#wasConnected && (state === 'joining' || (state === 'joined' && sends));
  }

  #end(state: 'replaced' | 'ended' | 'unsupported' | 'closed'): void {
    if (this.#closing.signal.aborted) return;
    this.#setState(state);
    this.#closing.abort();
    for (const stop of this.#stops) stop();
    this.#peer?.close();
    this.#peer = null;
    this.#scene.follow(null, { isUnsupported: state === 'unsupported' });
    this.#talk.close();
    this.#frames?.close();
  }
}
