import { z } from 'zod';
import { CallConnection, type CallConnectionState, type RemoteTrack } from '../../client/calls/call-connection.ts';
import { openDevice } from '../../client/calls/media-devices.ts';
import { Subject } from '../../client/net/observable.ts';
import { RequestError } from '../../client/net/request-error.ts';
import type { Subscribe } from '../../client/net/subscribe.ts';
import type { RequestFunction } from '../../client/net/request.ts';
import type { Response } from '../../server/protocol/commands.ts';
import type { CallId } from '../../server/protocol/ids.ts';

/** What has arrived at this page and was decoded, since it joined last. */
export interface Received {
  readonly framesDecoded: number;
  readonly audioPackets: number;
  /** Of the sound, after decoding. */
  readonly audioEnergy: number;
}

/** What a test does with the page. */
export interface CallPage {
  join(kinds: readonly ('audio' | 'video')[]): Promise<void>;
  state(): CallConnectionState;
  remoteKinds(): readonly string[];
  pausedKinds(): readonly string[];
  setPaused(kind: 'audio' | 'video', paused: boolean): void;
  received(): Promise<Received>;
  /** Resolves when so much more has been decoded than now, and the sound was not silence. Playwright's waitForFunction does not await. */
  untilReceived(more: { frames: number; audioPackets: number }): Promise<void>;
  leave(): void;
  /** Cuts the line to the server; it comes back by itself. */
  cutLine(): void;
}

declare global {
  interface Window {
    callPage: CallPage;
  }
}

const connections: RTCPeerConnection[] = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

interface Waiting {
  readonly payload: string;
  settle(result: unknown): void;
  refuse(error: unknown): void;
}

/** The commands of a call over a bare WebSocket, to the test's bridge instead of the server. */
class Line {
  readonly status = new Subject<{ readonly status: 'connected' | 'reconnecting' }>({ status: 'reconnecting' });
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new EventTarget();
  #socket = this.#connect();
  #nextId = 0;

  readonly request: RequestFunction = (name, payload) => {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Response<typeof name>>();
    const message = JSON.stringify({ id, name, payload });
    this.#waiting.set(id, { payload: message, settle: resolve, refuse: reject });
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
    return promise;
  };

  readonly on: Subscribe = (name, listener) => {
    const relay = (event: Event): void => {
      if (event instanceof CustomEvent) listener(event.detail);
    };
    this.#listeners.addEventListener(name, relay);
    return () => this.#listeners.removeEventListener(name, relay);
  };

  cut(): void {
    this.#socket.close();
  }

  #connect(): WebSocket {
    const url = new URL(location.href);
    url.protocol = 'ws:';
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => {
      for (const { payload } of this.#waiting.values()) socket.send(payload);
      this.status.set({ status: 'connected' });
    });
    socket.addEventListener('close', () => {
      this.status.set({ status: 'reconnecting' });
      this.#socket = this.#connect();
    });
    socket.addEventListener('message', ({ data }) => {
      const { id, value, code, event, fact } = JSON.parse(String(data));
      if (event) {
        this.#listeners.dispatchEvent(new CustomEvent(event, { detail: fact }));
        return;
      }
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (code) waiting?.refuse(new RequestError({ code, retryable: code === 'unavailable', ref: null }));
      else waiting?.settle(value);
    });
    return socket;
  }
}

const callId = z.custom<CallId>().parse('call');
const line = new Line();
const players = new Map<string, HTMLMediaElement>();
let call: CallConnection | null = null;

/** A picture that nobody looks at might not be decoded. */
function play(tracks: readonly RemoteTrack[]): void {
  for (const { producerId, kind, track } of tracks) {
    if (players.has(producerId)) continue;
    const player = document.createElement(kind);
    player.autoplay = true;
    player.srcObject = new MediaStream([track]);
    document.body.append(player);
    players.set(producerId, player);
  }
}

async function join(kinds: readonly ('audio' | 'video')[]): Promise<void> {
  call = new CallConnection({ callId, request: line.request, on: line.on, connection: line.status });
  call.remoteTracks.subscribe(play);
  for (const kind of kinds) {
    const device = await openDevice(kind);
    if (!device.ok) throw new Error(device.failure);
    call.publish(kind, device.track);
  }
}

async function received(): Promise<Received> {
  const sum = { framesDecoded: 0, audioPackets: 0, audioEnergy: 0 };
  for (const connection of connections.filter(({ connectionState }) => connectionState !== 'closed')) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      if (report.kind === 'video') sum.framesDecoded += report.framesDecoded;
      else {
        sum.audioPackets += report.packetsReceived;
        sum.audioEnergy += report.totalAudioEnergy;
      }
    }
  }
  return sum;
}

async function untilReceived({ frames, audioPackets }: { frames: number; audioPackets: number }): Promise<void> {
  let before = await received();
  for (;;) {
    const now = await received();
    // After joining again there are other connections, and they count from nothing.
    if (now.framesDecoded < before.framesDecoded || now.audioPackets < before.audioPackets)
      before = { framesDecoded: 0, audioPackets: 0, audioEnergy: 0 };
    const heard = audioPackets === 0 || (now.audioPackets >= before.audioPackets + audioPackets && now.audioEnergy > before.audioEnergy);
    if (heard && now.framesDecoded >= before.framesDecoded + frames) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

window.callPage = {
  join,
  state: () => call?.state.value ?? 'closed',
  remoteKinds: () => (call?.remoteTracks.value ?? []).map(({ kind }) => kind).sort(),
  pausedKinds: () => (call?.remoteTracks.value ?? []).filter(({ paused }) => paused).map(({ kind }) => kind),
  setPaused: (kind, paused) => call?.setPaused(kind, paused),
  received,
  untilReceived,
  leave: () => call?.close(),
  cutLine: () => line.cut(),
};
