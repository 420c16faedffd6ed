import type { MediaSource, ProducerId } from '../../../server/protocol/calls.ts';
import type { Transport } from 'mediasoup-client/types';
import { Subject, type Observable } from '../../net/observable.ts';
import type { ReceivedTrack } from './remote-tracks.ts';
import { FlowWatch } from './flow-watch.ts';
import { lineQuality, type LineQuality, type LineSample } from './line-quality.ts';

/** What can be measured of a call at this page. */
export interface CallFigures {
  /** Whose sound is a voice, and not silence, at this moment. */
  readonly speaking: ReadonlySet<ProducerId>;
  readonly isSpeaking: boolean;
  /** The microphone sends, and nothing but silence. */
  readonly isSilent: boolean;
  readonly line: LineQuality | null;
}

export interface CallMeterOptions {
  readonly send: Transport;
  readonly receive: Transport;
  readonly tracks: () => readonly ReceivedTrack[];
  /** Whether sealed frames of this leave the page. */
  readonly isSending: (source: MediaSource) => boolean;
  /** Nothing has come over a transport for a while although it should. */
  readonly onSilence: (transport: Transport) => void;
}

export const noFigures: CallFigures = { speaking: new Set(), isSpeaking: false, isSilent: false, line: null };

/** Measures some times a second until it is closed. Speaking is heard in the decoded sound: packets must not tell it. */
export class CallMeter {
  readonly #options: CallMeterOptions;
  readonly #figures = new Subject<CallFigures>(noFigures);
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #heardAt = new Map<ProducerId, number>();
  readonly #flows: { readonly send: FlowWatch; readonly receive: FlowWatch };
  #spokeAt = -Infinity;
  #soundAt = performance.now();
  #samples: readonly LineSample[] = [];
  #isBusy = false;

  constructor(options: CallMeterOptions) {
    this.#options = options;
    this.#flows = {
      send: new FlowWatch(() => options.onSilence(options.send)),
      receive: new FlowWatch(() => options.onSilence(options.receive)),
    };
    this.#timer = setInterval(() => void this.#measure(), measureMs);
  }

  get figures(): Observable<CallFigures> {
    return this.#figures;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #measure(): Promise<void> {
    const { send, receive } = this.#options;
    if (this.#isBusy || send.closed || receive.closed) return;
    this.#isBusy = true;
    try {
      const [sent, received] = await Promise.all([send.getStats(), receive.getStats()]);
      this.#read([...sent.values()], [...received.values()]);
    } catch {
      // It was closed meanwhile.
    } finally {
      this.#isBusy = false;
    }
  }

  #read(sent: readonly Stats[], received: readonly Stats[]): void {
    const { tracks, isSending } = this.#options;
    const now = performance.now();
    const producers = new Map(tracks().map(({ track, producerId }) => [track.id, producerId]));
    for (const { type, kind, trackIdentifier, audioLevel = 0 } of received) {
      const producerId = producers.get(trackIdentifier ?? '');
      if (type === 'inbound-rtp' && kind === 'audio' && producerId !== undefined && audioLevel > voiceLevel)
        this.#heardAt.set(producerId, now);
    }
    const own = sent.find(({ type, kind }) => type === 'media-source' && kind === 'audio');
    const ownLevel = own?.audioLevel ?? 0;
    if (ownLevel > voiceLevel) this.#spokeAt = now;
    if (ownLevel > silenceLevel || !isSending('microphone')) this.#soundAt = now;
    const speaking = tracks().filter(({ producerId }) => now - (this.#heardAt.get(producerId) ?? -Infinity) < holdMs);
    const sends = isSending('microphone') || isSending('camera') || isSending('screen');
    this.#flows.send.look(now, bytesOf(sent), sends);
    this.#flows.receive.look(
      now,
      bytesOf(received),
      tracks().some(({ paused, quality }) => !paused && quality !== 'none'),
    );
    this.#samples = [...this.#samples, toSample(now, sent, received)].slice(-sampleCount);
    const pictures = tracks().filter(({ kind, paused }) => kind === 'video' && !paused);
    this.#figures.set({
      speaking: new Set(speaking.map(({ producerId }) => producerId)),
      isSpeaking: now - this.#spokeAt < holdMs,
      isSilent: now - this.#soundAt > silentMs,
      line: lineQuality(
        this.#samples,
        pictures.map(({ quality }) => quality),
      ),
    });
  }
}

/** Of an RTCStats of any kind, what is read here. */
interface Stats {
  readonly type: string;
  readonly kind?: string;
  readonly trackIdentifier?: string;
  readonly audioLevel?: number;
  readonly bytesReceived?: number;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly fractionLost?: number;
  readonly roundTripTime?: number;
}

/** Also of the other side's reports on what is sent: they stop when the way is lost. */
function bytesOf(stats: readonly Stats[]): number {
  return sum(stats.filter(({ type }) => type === 'transport').map(({ bytesReceived = 0 }) => bytesReceived));
}

function toSample(at: number, sent: readonly Stats[], received: readonly Stats[]): LineSample {
  const inbound = received.filter(({ type }) => type === 'inbound-rtp');
  const reports = sent.filter(({ type }) => type === 'remote-inbound-rtp');
  return {
    at,
    received: sum(inbound.map(({ packetsReceived = 0 }) => packetsReceived)),
    lost: sum(inbound.map(({ packetsLost = 0 }) => packetsLost)),
    sentLoss: Math.max(0, ...reports.map(({ fractionLost = 0 }) => fractionLost)),
    roundTripMs: 1_000 * Math.max(0, ...reports.map(({ roundTripTime = 0 }) => roundTripTime)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

const measureMs = 250;
/** Ten seconds. */
const sampleCount = 40;
/** About −40 dBFS: a voice near a microphone is louder, a room is not. */
const voiceLevel = 0.01;
/** What any microphone that works picks up now and then. */
const silenceLevel = 0.000_5;
/** Between words nobody has stopped speaking. */
const holdMs = 800;
const silentMs = 8_000;
