import type { ProducerOptions } from 'mediasoup-client/types';
import type { MediaSource } from '../../../server/protocol/calls.ts';

/**
 * No DTX: silence would show in the packets. A camera has two layers, the small one never below 320×240 (EN 301 549 §6.5.2) and without
 * temporal layers, so that a bad line costs resolution and not frames; with sound and all headers it takes up four fifths of 256 kbit/s,
 * for on a line that is full its width is misjudged and the picture goes on and off. A screen is read: one layer, and few frames.
 */
export function sendingOf(source: MediaSource): ProducerOptions {
  if (source === 'microphone') return { codecOptions: { opusFec: true, opusDtx: false, opusStereo: false } };
  if (source === 'screen') return { encodings: [{ maxBitrate: 1_500_000, maxFramerate: 15 }], codecOptions: { videoGoogleStartBitrate } };
  const layer = { scalabilityMode: 'L1T1', maxFramerate: 30 };
  return {
    encodings: [
      { ...layer, scaleResolutionDownBy: 2, maxBitrate: 110_000 },
      { ...layer, maxBitrate: 1_000_000 },
    ],
    codecOptions: { videoGoogleStartBitrate },
  };
}

/** What is tried before the line has been measured, in kbit/s. */
const videoGoogleStartBitrate = 600;

/** Hands are to stay fluent: their picture gives up resolution and keeps its frames. Null: there is no picture yet. */
export async function applyMotion(sender: RTCRtpSender, track: MediaStreamTrack | null, keepsFrames: boolean): Promise<void> {
  if (track) track.contentHint = keepsFrames ? 'motion' : '';
  const parameters: SendParameters = sender.getParameters();
  parameters.degradationPreference = keepsFrames ? 'maintain-framerate' : 'balanced';
  await sender.setParameters(parameters);
}

/** The next picture is a whole one, in each layer. A browser that cannot be told so waits until a receiver asks for it. */
export async function beginPicture(sender: RTCRtpSender): Promise<void> {
  const parameters = sender.getParameters();
  const options: SetParameterOptions = { encodingOptions: parameters.encodings.map(() => ({ keyFrame: true })) };
  await sender.setParameters(parameters, options);
}

/** WebRTC Extensions §6.4; the types do not have it yet. */
interface SendParameters extends RTCRtpSendParameters {
  degradationPreference?: 'balanced' | 'maintain-framerate' | 'maintain-resolution';
}

/** WebRTC Extensions §6.8; nor this. */
interface SetParameterOptions extends RTCSetParameterOptions {
  readonly encodingOptions: readonly { readonly keyFrame: boolean }[];
}
