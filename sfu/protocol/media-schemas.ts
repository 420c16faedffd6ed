import type { DtlsParameters, RtpCapabilities, RtpHeaderExtensionUri, RtpParameters, SctpStreamParameters } from 'mediasoup-client/types';
import { z } from 'zod';

// mediasoup's own validators look at types, not at lengths, and a worker aborts on an assertion: whatever is not
// plainly right ends here, before mediasoup sees any of it.

/** The RTP header extensions a router offers. The audio level is not among them: it tells who speaks in spite of encryption. */
export const offeredHeaderExtensions = [
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'urn:3gpp:video-orientation',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
  'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
] as const satisfies readonly RtpHeaderExtensionUri[];

export const mediaKind = z.enum(['audio', 'video']);

const maxSsrc = 2 ** 32 - 1;
const ssrc = z.int().min(1).max(maxSsrc);
const payloadType = z.int().min(0).max(127);
const uri = z.enum(offeredHeaderExtensions);
const headerExtensionId = z.int().min(1).max(255);
const mimeType = z
  .string()
  .max(64)
  .regex(/^(?:audio|video)\/[\w.+-]+$/);
const rtcpFeedback = z.array(z.object({ type: z.string().max(32), parameter: z.string().max(32).exactOptional() })).max(16);
const codecParameters = z
  .record(z.string().min(1).max(64), z.union([z.string().max(256), z.int(), z.boolean()]))
  .refine((parameters) => Object.keys(parameters).length <= 16, 'too many codec parameters');

const codec = {
  mimeType,
  clockRate: z.int().min(1).max(192_000),
  channels: z.int().min(1).max(2).exactOptional(),
  parameters: codecParameters.exactOptional(),
  rtcpFeedback: rtcpFeedback.exactOptional(),
};

/** Bytes of a certificate's hash by algorithm (RFC 8122 §5). SHA-1 and MD5 are refused. */
const hashBytes = { 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 } as const;

const fingerprint = z
  .object({
    algorithm: z.enum(['sha-256', 'sha-384', 'sha-512']),
    value: z
      .string()
      .max(191)
      .regex(/^[0-9a-f]{2}(?::[0-9a-f]{2})*$/i),
  })
  .refine(({ algorithm, value }) => value.length === hashBytes[algorithm] * 3 - 1, 'fingerprint has not the length of its hash');

export const dtlsParametersSchema: z.ZodType<DtlsParameters> = z.object({
  role: z.enum(['auto', 'client', 'server']).exactOptional(),
  fingerprints: z.array(fingerprint).min(1).max(4),
});

const encoding = z.object({
  ssrc: ssrc.exactOptional(),
  // RFC 8852 §3.3: letters and digits.
  rid: z
    .string()
    .regex(/^[a-z\d]{1,16}$/i)
    .exactOptional(),
  codecPayloadType: payloadType.exactOptional(),
  rtx: z.object({ ssrc }).exactOptional(),
  dtx: z.boolean().exactOptional(),
  scalabilityMode: z
    .string()
    .regex(/^[LS][1-3]T[1-3](?:h|_KEY|_KEY_SHIFT)?$/)
    .exactOptional(),
  maxBitrate: z.int().min(1).max(3_000_000).exactOptional(),
});

/** What a sender is about to send. Caps: 16 codecs, 2 encodings (the layers of a picture), 32 header extensions; ids, SSRCs and payload types without doubles. */
export const rtpParametersSchema: z.ZodType<RtpParameters> = z
  .object({
    mid: z
      .string()
      .regex(/^[\w-]{1,16}$/)
      .exactOptional(),
    codecs: z
      .array(z.object({ ...codec, payloadType }))
      .min(1)
      .max(16),
    headerExtensions: z
      .array(
        z.object({ uri, id: headerExtensionId, encrypt: z.literal(false).exactOptional(), parameters: codecParameters.exactOptional() }),
      )
      .max(32)
      .exactOptional(),
    encodings: z.array(encoding).min(1).max(2),
    rtcp: z.object({ cname: z.string().max(255).exactOptional(), reducedSize: z.boolean().exactOptional() }).exactOptional(),
    msid: z.string().max(255).exactOptional(),
  })
  .refine(({ codecs }) => isUnique(codecs.map((each) => each.payloadType)), 'payload types clash')
  .refine(({ headerExtensions = [] }) => isUnique(headerExtensions.map((each) => each.id)), 'header extension ids clash')
  .refine(
    ({ encodings }) => isUnique(encodings.flatMap((each) => [each.ssrc, each.rtx?.ssrc]).filter((each) => each !== undefined)),
    'SSRCs clash',
  )
  .refine(({ encodings }) => isUnique(encodings.map((each) => each.rid).filter((each) => each !== undefined)), 'rids clash')
  .refine(
    ({ encodings }) => encodings.length === 1 || encodings.every((each) => each.ssrc !== undefined || each.rid !== undefined),
    'encodings cannot be told apart',
  );

/** What a receiver can decode. */
export const rtpCapabilitiesSchema: z.ZodType<RtpCapabilities> = z
  .object({
    codecs: z
      .array(z.object({ ...codec, kind: mediaKind, preferredPayloadType: payloadType }))
      .min(1)
      .max(16),
    headerExtensions: z
      .array(
        z.object({
          kind: mediaKind,
          uri,
          preferredId: headerExtensionId,
          preferredEncrypt: z.literal(false).exactOptional(),
          direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).exactOptional(),
        }),
      )
      .max(32)
      .exactOptional(),
  })
  .refine(({ codecs }) => isUnique(codecs.map((each) => each.preferredPayloadType)), 'payload types clash');

/**
 * The channel a sender writes on. Ordered and reliable: nothing of a text may be lost (RFC 8865 §3.2). A browser numbers its
 * channels from 0, and a page opens one.
 */
export const sctpStreamParametersSchema: z.ZodType<SctpStreamParameters> = z.strictObject({
  streamId: z.int().min(0).max(15),
  ordered: z.literal(true).exactOptional(),
  label: z.string().max(32).exactOptional(),
  protocol: z.string().max(32).exactOptional(),
});

function isUnique(values: readonly (string | number)[]): boolean {
  return new Set(values).size === values.length;
}
