import type { IceParameters, Transport } from 'mediasoup-client/types';
import { pause } from '../ask-again.ts';

export interface TransportRecoveryOptions {
  readonly transport: Transport;
  readonly signal: AbortSignal;
  /** Asks the sfu for an ICE restart: it takes the new parameters from then on, and those before until the new ones are used. */
  readonly newIceParameters: () => Promise<IceParameters>;
  readonly onFailure: (error: unknown) => void;
  /** ICE restarts do not help. */
  readonly onHopeless: () => void;
}

const maxRestarts = 5;
/** A restart that works does so within some round trips. */
const patienceMs = 1_500;
/** The first second of a call has enough to do. */
const calmMs = 1_000;

/**
 * Restarts ICE (RFC 8445 §2.4) when a transport has lost its way: another network, another address. The parameters for it are asked for
 * beforehand: the line to the server is often lost for the same reason, and takes longer to come back. Until the signal is aborted.
 */
export class TransportRecovery {
  readonly #options: TransportRecoveryOptions;
  #spare: IceParameters | null = null;
  #isAsking = false;
  #isBusy = false;

  constructor(options: TransportRecoveryOptions) {
    this.#options = options;
    const { transport, onFailure } = options;
    transport.on('connectionstatechange', (state) => {
      if (state === 'disconnected' || state === 'failed') this.restart();
      else if (state === 'connected') this.#provide().catch(onFailure);
    });
  }

  /** Looks for a way anew, while media still flows on the old one if it does. */
  restart(): void {
    const { transport, signal, onFailure } = this.#options;
    // Before the first connection there is nothing to come back to.
    if (this.#isBusy || signal.aborted || transport.connectionState === 'new') return;
    this.#isBusy = true;
    this.#recover()
      .catch(onFailure)
      .finally(() => (this.#isBusy = false));
  }

  async #recover(): Promise<void> {
    const { transport, signal, newIceParameters, onFailure, onHopeless } = this.#options;
    for (let restart = 0; restart < maxRestarts; restart += 1) {
      const iceParameters = this.#spare ?? (await newIceParameters());
      this.#spare = null;
      signal.throwIfAborted();
      await transport.restartIce({ iceParameters });
      await pause(patienceMs, signal);
      if (isInterrupted(transport)) continue;
      this.#provide().catch(onFailure);
      return;
    }
    onHopeless();
  }

  /** Never two at once: with the second one the sfu would forget those in use. */
  async #provide(): Promise<void> {
    const { signal, newIceParameters } = this.#options;
    if (this.#spare !== null || this.#isAsking || signal.aborted) return;
    this.#isAsking = true;
    try {
      await pause(calmMs, signal);
      this.#spare = await newIceParameters();
    } finally {
      this.#isAsking = false;
    }
  }
}

function isInterrupted({ connectionState }: Transport): boolean {
  return connectionState === 'disconnected' || connectionState === 'failed';
}
