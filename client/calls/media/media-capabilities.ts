import { Device } from 'mediasoup-client';
import type { RtpCapabilities } from 'mediasoup-client/types';
import type { CallId } from '../../../server/protocol/ids.ts';
import type { RequestFunction } from '../../net/request.ts';

/** What was found out last, and for which rooms: those of one installation offer the same. */
let known: { readonly offered: string; readonly device: Promise<Device> } | null = null;
let decodes: RtpCapabilities | null = null;

/** What this browser and a room's media server have in common. Throws mediasoup-client's UnsupportedError where that is not enough for a call. */
export async function loadDevice(offered: RtpCapabilities): Promise<Device> {
  const text = JSON.stringify(offered);
  if (known?.offered !== text) known = { offered: text, device: load(offered) };
  return await known.device;
}

/** Finds it out ahead, while a person still reads how to join. Never rejects: whatever fails is said when he joins. */
export async function prepareDevice(request: RequestFunction, callId: CallId): Promise<void> {
  const loading = request('call:prepare', { callId }).then(({ routerRtpCapabilities }) => loadDevice(routerRtpCapabilities));
  await loading.catch(() => undefined);
}

/** What this browser can decode, when that was found out before. At once: whoever asks is about to join. */
export function knownCapabilities(): { readonly rtpCapabilities?: RtpCapabilities } {
  return decodes === null ? {} : { rtpCapabilities: decodes };
}

async function load(offered: RtpCapabilities): Promise<Device> {
  const device = await Device.factory();
  await device.load({ routerRtpCapabilities: withConstantBitrate(offered) });
  decodes = device.recvRtpCapabilities;
  return device;
}

/**
 * What the room offers, and for sound a constant bit rate (RFC 7587 §6.1): sizes of packets tell words apart, also when they are
 * sealed.
 */
function withConstantBitrate(capabilities: RtpCapabilities): RtpCapabilities {
  const codecs = (capabilities.codecs ?? []).map((codec) =>
    codec.mimeType.toLowerCase() === 'audio/opus' ? { ...codec, parameters: { ...codec.parameters, cbr: 1 } } : codec,
  );
  return { ...capabilities, codecs };
}
