import { createWorker, type types } from 'mediasoup';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routerCodecs } from '../../sfu/rooms/codecs.ts';
import { rtpCapabilities, vp8Layers } from '../support/rtp-parameters.ts';
import { obtainTestWorker } from '../support/sfu.ts';

const [smallSsrc, fullSsrc] = [3_333, 3_335];
const framesPerSecond = 30;
const tickPerFrame = 90_000 / framesPerSecond;
let worker: types.Worker;

beforeAll(async () => {
  worker = await createWorker({ workerBin: await obtainTestWorker(), logLevel: 'warn' });
});

afterAll(() => worker.close());

/** One frame in one packet: RTP, the descriptor of RFC 7741 §4.2 with a picture number and no temporal layer, the bit that says "whole". */
function frame({ ssrc, number, at, isWhole }: { ssrc: number; number: number; at: number; isWhole: boolean }): Buffer {
  const packet = Buffer.alloc(100);
  packet[0] = 0x80;
  packet[1] = 0x80 | 96;
  packet.writeUInt16BE(number & 0xffff, 2);
  packet.writeUInt32BE(at * tickPerFrame, 4);
  packet.writeUInt32BE(ssrc, 8);
  packet.set([0x90, 0x80, 0x80 | (number >> 8), number & 0xff, isWhole ? 0x54 : 0x55], 12);
  return packet;
}

/** RFC 3550 §6.4.1, without reception reports: both sizes are filmed by one clock. */
function senderReport(ssrc: number, at: number): Buffer {
  const report = Buffer.alloc(28);
  report.set([0x80, 200, 0, 6]);
  report.writeUInt32BE(ssrc, 4);
  report.writeUInt32BE(3_900_000_000 + Math.floor(at / framesPerSecond), 8);
  report.writeUInt32BE(Math.floor(((at % framesPerSecond) / framesPerSecond) * 2 ** 32), 12);
  report.writeUInt32BE(at * tickPerFrame, 16);
  return report;
}

/** The worker adds extensions: behind twelve bytes and a word that says how many words they are. */
const numberOf = (packet: Buffer): number => packet.readUInt16BE(16 + packet.readUInt16BE(14) * 4 + 2) & 0x7fff;

test('whoever is switched to another size of a picture, and back, gets frames whose numbers go on one by one, and that are hardly later each time', async () => {
  const router = await worker.createRouter({ mediaCodecs: routerCodecs });
  const [from, to] = [await router.createDirectTransport(), await router.createDirectTransport()];
  const producer = await from.produce({ kind: 'video', rtpParameters: vp8Layers(smallSsrc) });
  const consumer = await to.consume({ producerId: producer.id, rtpCapabilities });
  const numbers: number[] = [];
  const moments: number[] = [];
  consumer.on('rtp', (packet) => {
    numbers.push(numberOf(packet));
    moments.push(packet.readUInt32BE(4));
  });

  let at = 0;
  /** Frames of both sizes until so many more have come through; each size has numbers of its own, the full one's far ahead. */
  const send = async (count: number): Promise<void> => {
    const enough = numbers.length + count;
    for (; numbers.length < enough; at += 1) {
      const isWhole = at % 5 === 0;
      producer.send(frame({ ssrc: fullSsrc, number: 20_000 + at, at, isWhole }));
      producer.send(frame({ ssrc: smallSsrc, number: 100 + at, at, isWhole }));
      // Without them a worker knows no moment at which to switch.
      for (const ssrc of [smallSsrc, fullSsrc]) from.sendRtcp(senderReport(ssrc, at));
      // An answer of the worker comes after everything it was sent before.
      await producer.getStats();
    }
  };
  await send(10);
  for (const spatialLayer of [0, 1, 0, 1, 0, 1, 0]) {
    const switched = new Promise<void>((resolve) => {
      consumer.on('layerschange', (layers) => layers?.spatialLayer === spatialLayer && resolve());
    });
    await consumer.setPreferredLayers({ spatialLayer });
    await send(10);
    await switched;
    await send(10);
  }
  const first = numbers[0] ?? 0;
  expect(numbers).toEqual(numbers.map((_, index) => first + index));
  expect(moments).toEqual(moments.toSorted((one, other) => one - other));
  expect(new Set(moments).size).toBe(moments.length);
  expect((moments.at(-1) ?? 0) - (at - 1) * tickPerFrame).toBeLessThan(tickPerFrame);
});
