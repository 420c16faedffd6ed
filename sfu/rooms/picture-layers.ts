import type { types } from 'mediasoup';
import type { SfuEvents } from '../protocol/events.ts';

type Layer = SfuEvents['consumer-layer']['layer'];

/** The small layer is always sent, and soonest here: every picture begins with it. */
export const smallest: types.ConsumerLayers = { spatialLayer: 0 };

/** A picture that is gone for less is not missed. */
const momentMs = 500;

/** Which of the layers that a receiver wants of a picture reach him. A picture sent in one layer only has nothing to tell. */
export class PictureLayers {
  readonly #consumer: types.Consumer;
  readonly #onChange: () => void;
  readonly #tell: (layer: Layer) => void;
  readonly #topLayer: number;
  #wanted = smallest.spatialLayer;
  #present: Layer = 'full';
  #told: Layer = 'full';
  #hasArrived = false;
  #timer: NodeJS.Timeout | undefined;

  /** `onChange` is called with every change, `tell` with those that a person would notice. */
  constructor(consumer: types.Consumer, onChange: () => void, tell: (layer: Layer) => void) {
    this.#consumer = consumer;
    this.#onChange = onChange;
    this.#tell = tell;
    this.#topLayer = topLayerOf(consumer);
    consumer.on('layerschange', () => this.#look());
    consumer.observer.once('close', () => clearTimeout(this.#timer));
  }

  /** At this moment. */
  get present(): Layer {
    return this.#present;
  }

  /** Whether there is a smaller layer to choose. */
  get several(): boolean {
    return this.#topLayer > 0;
  }

  /** To be set as the consumer's preferred layers: all frames of the lowest or of the highest picture. */
  preferred(small: boolean): types.ConsumerLayers {
    return { spatialLayer: small ? 0 : this.#topLayer };
  }

  /** The lowest layer is all that is wanted: then it is no loss. */
  want(small: boolean): void {
    this.#wanted = small ? 0 : this.#topLayer;
    this.#look();
  }

  #look(): void {
    const { currentLayers, paused, producerPaused } = this.#consumer;
    if (currentLayers) this.#hasArrived = true;
    // Nobody's line is to blame for what is paused on purpose, or has not begun.
    if (paused || producerPaused || !this.#hasArrived) return;
    const layer = layerOf(currentLayers, this.#wanted);
    if (layer === this.#present) return;
    this.#present = layer;
    this.#onChange();
    clearTimeout(this.#timer);
    if (layer === 'none') this.#timer = setTimeout(() => this.#say(layer), momentMs);
    else this.#say(layer);
  }

  #say(layer: Layer): void {
    const { paused, producerPaused } = this.#consumer;
    // Switched off in the moment since.
    if (layer === this.#told || paused || producerPaused) return;
    this.#told = layer;
    this.#tell(layer);
  }
}

function layerOf(current: types.ConsumerLayers | undefined, wanted: number): Layer {
  if (!current) return 'none';
  return current.spatialLayer < wanted ? 'reduced' : 'full';
}

/** mediasoup folds the layers into the scalability mode of the one encoding it sends on, "L2T1" for two of them. */
function topLayerOf({ rtpParameters }: types.Consumer): number {
  const [, layers] = /^[LS](\d)/.exec(rtpParameters.encodings?.[0]?.scalabilityMode ?? '') ?? [];
  return Number(layers ?? 1) - 1;
}
