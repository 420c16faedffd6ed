import type { types } from 'mediasoup';
import type { SfuEvents } from '../protocol/events.ts';

type Layer = SfuEvents['consumer-layer']['layer'];

/** The small layer is always sent, and soonest here: every picture begins with it. */
export const smallest: types.ConsumerLayers = { spatialLayer: 0 };

/** Which of the layers that a receiver wants of a picture reach him. A picture sent in one layer only has nothing to tell. */
export class PictureLayers {
  readonly #consumer: types.Consumer;
  readonly #onChange: (layer: Layer) => void;
  readonly #topLayer: number;
  #wanted = smallest.spatialLayer;
  #told: Layer = 'full';
  #hasArrived = false;

  constructor(consumer: types.Consumer, onChange: (layer: Layer) => void) {
    this.#consumer = consumer;
    this.#onChange = onChange;
    this.#topLayer = topLayerOf(consumer);
    consumer.on('layerschange', () => this.#tell());
  }

  /** What was said last. */
  get told(): Layer {
    return this.#told;
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
    this.#tell();
  }

  #tell(): void {
    const { currentLayers, paused, producerPaused } = this.#consumer;
    if (currentLayers) this.#hasArrived = true;
    // Nobody's line is to blame for what is paused on purpose, or has not begun.
    if (paused || producerPaused || !this.#hasArrived) return;
    const layer = layerOf(currentLayers, this.#wanted);
    if (layer === this.#told) return;
    this.#told = layer;
    this.#onChange(layer);
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
