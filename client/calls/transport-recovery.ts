import type { IceParameters, Transport } from 'mediasoup-client/types';
import { pause } from './ask-again.ts';

export interface TransportRecovery {
  readonly transport: Transport;
  readonly signal: AbortSignal;
  /** Asks the sfu for an ICE restart. */
  readonly newIceParameters: () => Promise<IceParameters>;
  readonly onFailure: (error: unknown) => void;
  /** ICE restarts do not help. */
  readonly onHopeless: () => void;
}

const maxRestarts = 5;
/** A restart that works does so within some round trips. */
const patienceMs = 3_000;

/** Restarts ICE (RFC 8445 §2.4) as soon as the transport is interrupted: another network, another address. Until the signal is aborted. */
export function keepAlive(recovery: TransportRecovery): void {
  const { transport, signal, onFailure } = recovery;
  let recovering = false;
  transport.on('connectionstatechange', (state) => {
    if ((state !== 'disconnected' && state !== 'failed') || recovering || signal.aborted) return;
    recovering = true;
    recover(recovery)
      .catch(onFailure)
      .finally(() => (recovering = false));
  });
}

async function recover({ transport, signal, newIceParameters, onHopeless }: TransportRecovery): Promise<void> {
  for (let restart = 0; restart < maxRestarts; restart += 1) {
    const iceParameters = await newIceParameters();
    signal.throwIfAborted();
    await transport.restartIce({ iceParameters });
    await pause(patienceMs, signal);
    if (!isInterrupted(transport)) return;
  }
  onHopeless();
}

function isInterrupted({ connectionState }: Transport): boolean {
  return connectionState === 'disconnected' || connectionState === 'failed';
}
