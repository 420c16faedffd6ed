import type { DtlsParameters, RtpCapabilities, RtpParameters } from 'mediasoup-client/types';

/** What a browser says when it sends and receives, cut down to what the sfu needs. */

export const dtlsParameters: DtlsParameters = {
  role: 'client',
  fingerprints: [{ algorithm: 'sha-256', value: Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, '0')).join(':') }],
};

export function opusParameters(ssrc = 1_111): RtpParameters {
  return {
    mid: `a${ssrc}`,
    codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2, parameters: { useinbandfec: 1 } }],
    headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 }],
    encodings: [{ ssrc }],
    rtcp: { cname: 'cname', reducedSize: true },
  };
}

export function vp8Parameters(ssrc = 2_222): RtpParameters {
  return {
    mid: `v${ssrc}`,
    codecs: [
      { mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000, rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }] },
      { mimeType: 'video/rtx', payloadType: 97, clockRate: 90_000, parameters: { apt: 96 } },
    ],
    encodings: [{ ssrc, rtx: { ssrc: ssrc + 1 }, maxBitrate: 1_000_000 }],
    rtcp: { cname: 'cname', reducedSize: true },
  };
}

export const rtpCapabilities: RtpCapabilities = {
  codecs: [
    { kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 100, clockRate: 48_000, channels: 2, parameters: { useinbandfec: 1 } },
    { kind: 'video', mimeType: 'video/VP8', preferredPayloadType: 101, clockRate: 90_000, rtcpFeedback: [{ type: 'nack' }] },
    { kind: 'video', mimeType: 'video/rtx', preferredPayloadType: 102, clockRate: 90_000, parameters: { apt: 101 } },
  ],
  headerExtensions: [{ kind: 'audio', uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', preferredId: 1 }],
};

/** The same picture in two sizes. */
export function vp8Layers(ssrc = 3_333): RtpParameters {
  const encodings = [
    { ssrc, rtx: { ssrc: ssrc + 1 }, maxBitrate: 250_000 },
    { ssrc: ssrc + 2, rtx: { ssrc: ssrc + 3 }, maxBitrate: 1_000_000 },
  ];
  return { ...vp8Parameters(ssrc), encodings };
}
