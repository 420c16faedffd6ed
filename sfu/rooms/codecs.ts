import type { RtpCapabilities, RtpHeaderExtensionUri, RtpParameters } from 'mediasoup-client/types';
import type { types } from 'mediasoup';
import { offeredHeaderExtensions } from '../protocol/media-schemas.ts';

/**
 * Opus with forward error correction, and VP8. Neither H.264 nor AV1: their payload must be read to be forwarded, and
 * frames are to be end-to-end encrypted. No DTX: silence would be visible in the packet sizes.
 * Payload types are fixed, so that the capabilities of every room are the same.
 */
export const routerCodecs: types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 100, clockRate: 48_000, channels: 2, parameters: { useinbandfec: 1 } },
  { kind: 'video', mimeType: 'video/VP8', preferredPayloadType: 101, clockRate: 90_000 },
];

const offered: ReadonlySet<string> = new Set(offeredHeaderExtensions);

/** A router's capabilities without the header extensions that are not offered. */
export function offeredCapabilities({ codecs = [], headerExtensions = [] }: types.RtpCapabilities): RtpCapabilities {
  return { codecs, headerExtensions: headerExtensions.filter(isOffered) };
}

/** A consumer's parameters in the terms of its receiver. */
export function offeredParameters({ headerExtensions = [], ...parameters }: types.RtpParameters): RtpParameters {
  return { ...parameters, headerExtensions: headerExtensions.filter(isOffered) };
}

function isOffered<Extension extends { uri: string }>(extension: Extension): extension is Extension & { uri: RtpHeaderExtensionUri } {
  return offered.has(extension.uri);
}
