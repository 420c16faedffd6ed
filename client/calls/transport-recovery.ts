import type { IceParameters, Transport } from 'mediasoup-client/types';
import { pause } from './ask-again.ts';

export interface TransportRecoveryOptions {
  readonly transport: Transport;
  /** Those the transport was made with: the sfu goes on taking them. */
  readonly iceParameters: IceParameters;
  readonly signal: AbortSignal;
  /** Asks the sfu for an ICE restart. */
  readonly newIceParameters: () => Promise<IceParameters>;
  readonly onFailure: (error: unknown) => void;
  /** ICE restarts do not help. */
  readonly onHopeless: () => void;
}

const maxRestarts = 5;
/** A restart that works does so within some round trips. */
const patienceMs = 1_500;

/**
 * Restarts ICE (RFC 8445 §2.4) when a transport has lost its way: another network, another address. First on this side alone: the sfu
 * is lite and answers whoever knows its password, from wherever; that needs no line to the server, which may be down for the same
 * reason. Then with new parameters of the sfu. Until the signal is aborted.
 */
export class TransportRecovery {
  readonly #options: TransportRecoveryOptions;
  #iceParameters: IceParameters;
  #isBusy = false;

  constructor(options: TransportRecoveryOptions) {
    this.#options = options;
    this.#iceParameters = options.iceParameters;
    options.transport.on('connectionstatechange', (state) => {
      if (state === 'disconnected' || state === 'failed') this.restart();
    });
  }

  /** Looks for a way anew, while media still flows on the old one if it does. */
  restart(): void {
    const { signal, onFailure } = this.#options;
    if (this.#isBusy || signal.aborted) return;
    this.#isBusy = true;
    this.#recover()
      .catch(onFailure)
      .finally(() => (this.#isBusy = false));
  }

  async #recover(): Promise<void> {
    const { transport, signal, newIceParameters, onHopeless } = this.#options;
    // Before the first connection there is nothing to come back to.
    if (transport.connectionState === 'new') return;
    for (let restart = 0; restart < maxRestarts; restart += 1) {
      if (restart > 0) this.#iceParameters = await newIceParameters();
      signal.throwIfAborted();
      await transport.restartIce({ iceParameters: this.#iceParameters });
      await pause(patienceMs, signal);
      if (!isInterrupted(transport)) return;
    }
    onHopeless();
  }
}

function isInterrupted({ connectionState }: Transport): boolean {
  return connectionState === 'disconnected' || connectionState === 'failed';
}
