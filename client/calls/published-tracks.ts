import type { MediaKind, Producer, ProducerOptions, RtpParameters, Transport } from 'mediasoup-client/types';
import type { ProducerId } from '../../server/protocol/calls.ts';
import { newId } from '../../server/protocol/ids.ts';
import { report } from './ask-again.ts';

/** What a person wants to send, whatever the connection does meanwhile. Null: nothing of that kind. */
export type WantedTracks = ReadonlyMap<MediaKind, { readonly track: MediaStreamTrack | null; readonly paused: boolean }>;

export interface PublishedTracksOptions {
  readonly transport: Transport;
  readonly wanted: WantedTracks;
  readonly announce: (producerId: ProducerId, media: { readonly kind: MediaKind; readonly rtpParameters: RtpParameters }) => Promise<void>;
  readonly announcePaused: (producerId: ProducerId, paused: boolean) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

interface Published {
  readonly producerId: ProducerId;
  readonly producer: Producer;
  /** What the others were told. */
  paused: boolean;
}

/** One layer is enough for a picture of a person; the sfu would cut more than 1.5 Mbit/s. No DTX: silence would show in the packets. */
const encoding: Record<MediaKind, ProducerOptions> = {
  audio: { codecOptions: { opusFec: true, opusDtx: false, opusStereo: false } },
  video: { encodings: [{ maxBitrate: 1_000_000, maxFramerate: 30 }], codecOptions: { videoGoogleStartBitrate: 600 } },
};

/** Makes the sending side equal to what is wanted: one producer a kind, paused while there is no track or the person is muted. */
export class PublishedTracks {
  readonly #options: PublishedTracksOptions;
  readonly #published = new Map<MediaKind, Published>();
  readonly #producerIds = new Map<MediaKind, ProducerId>();
  #work: Promise<void> = Promise.resolve();

  constructor(publishing: PublishedTracksOptions) {
    this.#options = publishing;
    publishing.transport.on('produce', ({ kind, rtpParameters }, done, fail) => {
      const producerId = this.#producerId(kind);
      void report(publishing.announce(producerId, { kind, rtpParameters }), () => done({ id: producerId }), fail);
    });
    for (const kind of publishing.wanted.keys()) this.sync(kind);
  }

  /** One change after the other: the last one wins, and is not overtaken. */
  sync(kind: MediaKind): void {
    this.#work = this.#work.then(() => this.#sync(kind)).catch(this.#options.onFailure);
  }

  async #sync(kind: MediaKind): Promise<void> {
    const wanted = this.#options.wanted.get(kind);
    const track = wanted?.track ?? null;
    const paused = track === null || wanted?.paused === true;
    // A track that is switched off before it is published sends nothing, not even its first frame.
    if (track) track.enabled = !paused;
    const published = this.#published.get(kind) ?? (track && (await this.#publish(kind, track)));
    if (!published) return;
    const { producer, producerId } = published;
    if (paused) producer.pause();
    if (producer.track !== track) await producer.replaceTrack({ track });
    if (!paused) producer.resume();
    if (published.paused === paused) return;
    await this.#options.announcePaused(producerId, paused);
    published.paused = paused;
  }

  async #publish(kind: MediaKind, track: MediaStreamTrack): Promise<Published> {
    const producer = await this.#options.transport.produce({ ...encoding[kind], track, stopTracks: false, zeroRtpOnPause: true });
    const published = { producerId: this.#producerId(kind), producer, paused: false };
    this.#published.set(kind, published);
    return published;
  }

  #producerId(kind: MediaKind): ProducerId {
    const producerId = this.#producerIds.get(kind) ?? newId<'producer'>();
    this.#producerIds.set(kind, producerId);
    return producerId;
  }
}
