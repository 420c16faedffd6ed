import { Device } from 'mediasoup-client';
import type { RtpCapabilities } from 'mediasoup-client/types';

/** What was found out last, and for which rooms: those of one installation offer the same. */
let known: { readonly offered: string; readonly device: Promise<Device> } | null = null;

/** What this browser and a room's media server have in common. Throws mediasoup-client's UnsupportedError where that is not enough for a call. */
export async function loadDevice(offered: RtpCapabilities): Promise<Device> {
  const text = JSON.stringify(offered);
  if (known?.offered !== text) known = { offered: text, device: load(offered) };
  return await known.device;
}

async function load(offered: RtpCapabilities): Promise<Device> {
  const device = await Device.factory();
  await device.load({ routerRtpCapabilities: withConstantBitrate(offered) });
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
