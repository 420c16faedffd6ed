import type { RtpParameters } from 'mediasoup-client/types';
import type { Fleet } from './fleets.ts';

/** 100 packets a second of 1,100 bytes: 0.88 Mbit/s, a good picture. */
export const packetsPerSecond = 100;
const packetBytes = 1_100;
const headerBytes = 12;
const tickMs = 10;
export const payloadType = 96;
/** Janus asks for this one of a publisher that is no browser. */
const ssrc = 1_000;

/** What the senders send: VP8 in one layer. */
export const loadParameters: RtpParameters = {
  mid: 'v',
  codecs: [
    {
      mimeType: 'video/VP8',
      payloadType,
      clockRate: 90_000,
      rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
    },
  ],
  encodings: [{ ssrc }],
  rtcp: { cname: 'load', reducedSize: true },
};

/** Makes all of them send at the same pace until the returned function is called. */
export function startLoad(senders: Fleet['senders'], firstSequence: number): () => number {
  let sequence = firstSequence;
  let due = performance.now();
  const timer = setInterval(() => {
    // A timer that comes late makes up for it, or the pace would depend on how busy the machine is.
    for (; due <= performance.now(); due += 1_000 / packetsPerSecond) {
      sequence = (sequence + 1) & 0xffff;
      const header = headerOf(sequence);
      for (const sender of senders) sender.sendRtp(header, payload);
    }
  }, tickMs);
  return () => {
    clearInterval(timer);
    return sequence;
  };
}

/** RFC 7741: a descriptor without extensions, at the start of a partition, and then the frame tag of a key frame. */
const payload = Buffer.alloc(packetBytes - headerBytes, 0x55);
payload[0] = 0x10;
payload[1] = 0x54;

function headerOf(sequence: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header[0] = 0x80;
  header[1] = payloadType | 0x80;
  header.writeUInt16BE(sequence, 2);
  header.writeUInt32BE(sequence * (90_000 / packetsPerSecond), 4);
  header.writeUInt32BE(ssrc, 8);
  return header;
}
