import type { Producer, RtpParameters, Transport } from 'mediasoup-client/types';
import { type MediaSource, mediaSources, type ProducerId } from '../../../server/protocol/calls.ts';
import { newId } from '../../../server/protocol/ids.ts';
import { report } from '../ask-again.ts';
import { applyMotion, beginPicture, sendingOf } from './sending.ts';

/** What a person wants to send, whatever the connection does meanwhile. Null: nothing of that source. */
export type WantedTracks = ReadonlyMap<MediaSource, { readonly track: MediaStreamTrack | null; readonly paused: boolean }>;

export interface PublishedTracksOptions {
  readonly transport: Transport;
  readonly wanted: WantedTracks;
  /** Puts the seal on a sender, before anything can be sent on it. What it throws ends the sending. */
  readonly seal: (sender: RTCRtpSender, source: MediaSource) => void;
  readonly announce: (
    producerId: ProducerId,
    media: { readonly source: MediaSource; readonly kind: 'audio' | 'video'; readonly rtpParameters: RtpParameters },
  ) => Promise<void>;
  readonly announcePaused: (producerId: ProducerId, paused: boolean) => Promise<void>;
  readonly announceClosed: (producerId: ProducerId) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

interface Published {
  readonly producerId: ProducerId;
  readonly producer: Producer;
  /** What the others were told. */
  paused: boolean;
}

/**
 * Makes the sending side equal to what is wanted: one producer a source, paused while there is no track or the person is muted.
 * It is made before there are keys, so that nobody waits for it then; but a track is put on it only while `open` says there are.
 */
export class PublishedTracks {
  readonly #options: PublishedTracksOptions;
  readonly #published = new Map<MediaSource, Published>();
  readonly #producerIds = new Map<MediaSource, ProducerId>();
  readonly #announced = new Map<ProducerId, Promise<void>>();
  #isOpen = false;
  #keepsFrames = false;
  #work: Promise<void> = Promise.resolve();

  constructor(publishing: PublishedTracksOptions) {
    this.#options = publishing;
    publishing.transport.on('produce', ({ kind, rtpParameters, appData }, done) => {
      const source = mediaSources.find((each) => each === appData['source']);
      if (source === undefined) throw new Error('a track without a source');
      const producerId = this.#producerId(source);
      // The id is one's own, so nothing waits for the answer.
      done({ id: producerId });
      const announced = publishing.announce(producerId, { source, kind, rtpParameters });
      this.#announced.set(producerId, announced);
      void report(announced, () => undefined, publishing.onFailure);
    });
    for (const source of publishing.wanted.keys()) this.sync(source);
  }

  /** Resolves when everything that is wanted by now has been dealt with. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** Whether there are keys to seal with. Nothing is on its way while there are none. */
  setOpen(isOpen: boolean): void {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    for (const source of this.#options.wanted.keys()) this.sync(source);
  }

  /** There is a new key to seal with: whoever has just been given it can begin at once. */
  beginPictures(): void {
    const senders = [...this.#published.values()].flatMap(({ producer }) => (producer.kind === 'video' ? (producer.rtpSender ?? []) : []));
    // One that ends meanwhile has nothing to begin.
    this.#work = this.#work.then(async () => void (await Promise.allSettled(senders.map(beginPicture))));
  }

  /** A picture of hands keeps its frames, and gives up resolution first. */
  keepFrames(keeps: boolean): void {
    this.#keepsFrames = keeps;
    this.sync('camera');
  }

  /** One change after the other: the last one wins, and is not overtaken. */
  sync(source: MediaSource): void {
    this.#work = this.#work.then(async () => await this.#sync(source)).catch(this.#options.onFailure);
  }

  async #sync(source: MediaSource): Promise<void> {
    const wanted = this.#options.wanted.get(source);
    const track = wanted?.track ?? null;
    const paused = track === null || wanted?.paused === true;
    // A track that is switched off before it is published sends nothing, not even its first frame.
    if (track) track.enabled = !paused;
    const published = this.#published.get(source) ?? (track && (await this.#publish(source, track)));
    if (!published) return;
    if (source === 'screen' && track === null) {
      await this.#unpublish(published);
      return;
    }
    const { rtpSender } = published.producer;
    if (rtpSender && source === 'camera') await applyMotion(rtpSender, track, this.#keepsFrames);
    await rtpSender?.replaceTrack(this.#isOpen && !paused ? track : null);
    if (published.paused === paused) return;
    await this.#options.announcePaused(published.producerId, paused);
    published.paused = paused;
  }

  async #publish(source: MediaSource, track: MediaStreamTrack): Promise<Published> {
    const producer = await this.#options.transport.produce({
      ...sendingOf(source),
      track,
      stopTracks: false,
      disableTrackOnPause: false,
      appData: { source },
      onRtpSender: (sender) => {
        // Without keys nothing is even encoded. No seal, no track: what is thrown here ends the producing before its offer.
        void sender.replaceTrack(null);
        this.#options.seal(sender, source);
      },
    });
    const published = { producerId: this.#producerId(source), producer, paused: false };
    this.#published.set(source, published);
    return published;
  }

  /** A screen is shown and put away, the next one is another; sound and camera go on, off and on again, and are kept ready. */
  async #unpublish({ producerId, producer }: Published): Promise<void> {
    this.#published.delete('screen');
    this.#producerIds.delete('screen');
    producer.close();
    await this.#announced.get(producerId);
    this.#announced.delete(producerId);
    await this.#options.announceClosed(producerId);
  }

  #producerId(source: MediaSource): ProducerId {
    const producerId = this.#producerIds.get(source) ?? newId<'producer'>();
    this.#producerIds.set(source, producerId);
    return producerId;
  }
}
