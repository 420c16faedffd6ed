import type { MediaKind } from 'mediasoup-client/types';
import type { CallView } from '../../server/protocol/calls.ts';
import type { CallId } from '../../server/protocol/ids.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import { retryDelayMs } from '../net/retry-delay.ts';
import { pause } from './ask-again.ts';
import { CallPeer, type MediaState, type PeerLoss, type RemoteTrack } from './call-peer.ts';

export type { RemoteTrack } from './call-peer.ts';

/**
 * `joining`: not in the call yet, or not again yet. `joined`: in it, with nothing to send or receive so far.
 * `connected`: media flows. `interrupted`: it did and is being mended; no need to do anything.
 * Final: `replaced`: the call went on in another window. `ended`: it is over. `unsupported`: this browser cannot make calls. `closed`: by `close`.
 */
export type CallConnectionState = 'joining' | 'joined' | 'connected' | 'interrupted' | 'replaced' | 'ended' | 'unsupported' | 'closed';

export interface CallConnectionOptions {
  readonly callId: CallId;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  /** The line to the server: after it was lost, notifications may be missing. */
  readonly connection: Observable<Pick<ConnectionState, 'status'>>;
}

const stateOfMedia: Record<MediaState, CallConnectionState> = { idle: 'joined', connected: 'connected', interrupted: 'interrupted' };
const maxDelayMs = 3_000;
const calmAfterMs = 10_000;

/**
 * This page's part in a call. It joins at once and comes back by itself: after a lost line, another network, a dead
 * worker, a restarted sfu or server. Whoever makes it closes it; the tracks stay the caller's.
 */
export class CallConnection {
  readonly #options: CallConnectionOptions;
  readonly #state = new Subject<CallConnectionState>('joining');
  readonly #remoteTracks = new Subject<readonly RemoteTrack[]>([]);
  readonly #wanted = new Map<MediaKind, { readonly track: MediaStreamTrack | null; readonly paused: boolean }>();
  readonly #closing = new AbortController();
  readonly #stops: readonly (() => void)[];
  #peer: CallPeer | null = null;
  /** The others sent or stopped something while this page was joining: its list of them may be older than that. */
  #missed = false;
  #wasConnected = false;
  #joinedAt = 0;
  #lossesInARow = 0;

  constructor(options: CallConnectionOptions) {
    this.#options = options;
    this.#stops = this.#listen();
    void this.#join();
  }

  get state(): Observable<CallConnectionState> {
    return this.#state;
  }

  /** The others' tracks, in the order they came. */
  get remoteTracks(): Observable<readonly RemoteTrack[]> {
    return this.#remoteTracks;
  }

  /** Sends this microphone or camera from now on, instead of an earlier one of its kind; null: none. Before joining, too. */
  publish(kind: MediaKind, track: MediaStreamTrack | null): void {
    this.#wanted.set(kind, { track, paused: this.#wanted.get(kind)?.paused ?? false });
    this.#peer?.publish(kind);
  }

  /** Mutes, or hides the picture, without giving the device back. Nothing of it is sent. */
  setPaused(kind: MediaKind, paused: boolean): void {
    this.#wanted.set(kind, { track: this.#wanted.get(kind)?.track ?? null, paused });
    this.#peer?.publish(kind);
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
    const { callId, request } = this.#options;
    this.#missed = false;
    const { peer } = await CallPeer.join({ callId, request, wanted: this.#wanted, onLost: (loss) => this.#lost(loss) });
    if (this.#closing.signal.aborted) {
      peer.close();
      return;
    }
    this.#peer = peer;
    this.#joinedAt = performance.now();
    peer.media.subscribe((media) => this.#setState(stateOfMedia[media]));
    peer.remoteTracks.subscribe((tracks) => this.#remoteTracks.set(tracks));
    this.#setState(stateOfMedia[peer.media.value]);
    this.#remoteTracks.set(peer.remoteTracks.value);
    if (this.#missed) void peer.check();
  }

  #lost(loss: PeerLoss): void {
    this.#peer = null;
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
      on('call:producer-added', (fact) => fact.callId === callId && this.#tell((peer) => peer.producerAdded(fact.producer))),
      on(
        'call:producer-paused',
        (fact) => fact.callId === callId && this.#tell((peer) => peer.producerPaused(fact.producerId, fact.paused)),
      ),
      on('call:producer-closed', (fact) => fact.callId === callId && this.#tell((peer) => peer.producerClosed(fact.producerId))),
      on('call:peer-replaced', (fact) => fact.callId === callId && fact.peerId === this.#peer?.peerId && this.#end('replaced')),
      on('call:room-lost', (fact) => fact.callId === callId && this.#rejoin()),
      on('call:changed', (fact) => fact.call.callId === callId && this.#onCallChanged(fact.call)),
      connection.subscribe(({ status }) => status === 'connected' && void this.#peer?.check()),
    ];
  }

  #tell(news: (peer: CallPeer) => void): void {
    if (this.#peer) news(this.#peer);
    else this.#missed = true;
  }

  #onCallChanged({ state }: CallView): void {
    if (state === 'ended') this.#end('ended');
  }

  #rejoin(): void {
    // While it joins anyway, that is enough.
    if (!this.#peer) return;
    this.#peer.close();
    this.#lost('gone');
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
    this.#remoteTracks.set([]);
  }
}
