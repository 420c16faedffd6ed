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
  paused: boolean;
  /** What the others were told. */
  told: boolean;
  isTelling: boolean;
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
  #settings: Promise<void> = Promise.resolve();

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
    this.#set(async () => void (await Promise.allSettled(senders.map(beginPicture))));
  }

  /** A picture of hands keeps its frames, and gives up resolution first. */
  keepFrames(keeps: boolean): void {
    this.#keepsFrames = keeps;
    this.sync('camera');
  }

  /** One change after the other: the last one wins, and is not overtaken. None of them waits for the network. */
  sync(source: MediaSource): void {
    const wanted = this.#options.wanted.get(source);
    // Whoever mutes himself is not heard from this moment, whatever goes on; and a track that is switched off before it is published
    // sends nothing, not even its first frame.
    if (wanted?.track) wanted.track.enabled = !wanted.paused;
    this.#work = this.#work.then(async () => await this.#sync(source)).catch(this.#options.onFailure);
  }

  async #sync(source: MediaSource): Promise<void> {
    const wanted = this.#options.wanted.get(source);
    const track = wanted?.track ?? null;
    const paused = track === null || wanted?.paused === true;
    const published = this.#published.get(source) ?? (track && (await this.#publish(source, track)));
    if (!published) return;
    if (source === 'screen' && track === null) {
      this.#unpublish(published);
      return;
    }
    const { rtpSender } = published.producer;
    if (rtpSender && source === 'camera') this.#set(async () => await applyMotion(rtpSender, track, this.#keepsFrames));
    await rtpSender?.replaceTrack(this.#isOpen && !paused ? track : null);
    published.paused = paused;
    this.#tellPaused(published).catch(this.#options.onFailure);
  }

  /** Until the others know what is so; it may change again meanwhile. Of what they do not know yet, nothing can be told. */
  async #tellPaused(published: Published): Promise<void> {
    if (published.isTelling) return;
    published.isTelling = true;
    try {
      await this.#announced.get(published.producerId);
      while (published.told !== published.paused) {
        const { paused } = published;
        await this.#options.announcePaused(published.producerId, paused);
        published.told = paused;
      }
    } finally {
      published.isTelling = false;
    }
  }

  /** A sender's parameters are set one after the other; a browser may take until its next picture, and no track waits for that. */
  #set(step: () => Promise<void>): void {
    this.#settings = this.#settings.then(step).catch(this.#options.onFailure);
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
    const published = { producerId: this.#producerId(source), producer, paused: false, told: false, isTelling: false };
    this.#published.set(source, published);
    return published;
  }

  /** A screen is shown and put away, the next one is another; sound and camera go on, off and on again, and are kept ready. */
  #unpublish({ producerId, producer }: Published): void {
    const announced = this.#announced.get(producerId);
    this.#published.delete('screen');
    this.#producerIds.delete('screen');
    this.#announced.delete(producerId);
    producer.close();
    const close = async (): Promise<void> => {
      await announced;
      await this.#options.announceClosed(producerId);
    };
    close().catch(this.#options.onFailure);
  }

  #producerId(source: MediaSource): ProducerId {
    const producerId = this.#producerIds.get(source) ?? newId<'producer'>();
    this.#producerIds.set(source, producerId);
    return producerId;
  }
}
