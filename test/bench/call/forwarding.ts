import { setTimeout as wait } from 'node:timers/promises';
import type { SrtpSuite } from '../../support/media-peer.ts';
import { cpuMs, median } from './cpu.ts';
import { productFleet, rawFleet, receiversPerRoom, type Fleet } from './fleets.ts';
import { hasJanus, janusFleet } from './janus-fleet.ts';
import { packetsPerSecond, startLoad } from './media-load.ts';

/** Goals 14 to 16 of performance.md: what forwarding costs in the product, beside the bare worker and with other suites. */

interface Side {
  readonly name: string;
  readonly fleet: Fleet;
  readonly microseconds: number[];
  readonly controlShare: number[];
  sequence: number;
}

const rooms = 12;
const rounds = 5;
const settleMs = 1_000;
const measureMs = 5_000;
/** What a Chromium is given here: the worker has the stronger GCM first. */
const browserSuite: SrtpSuite = 'SRTP_AEAD_AES_256_GCM';

export async function measureForwarding(): Promise<void> {
  console.log(
    `${rooms} rooms, in each one sender (${packetsPerSecond} packets/s of 1,100 bytes) and ${receiversPerRoom} receivers; one worker; real ICE and DTLS-SRTP`,
  );
  const sides = [
    side('bare worker, AES_256_GCM', await rawFleet(rooms, browserSuite)),
    side('product, AES_256_GCM', await productFleet(rooms, browserSuite)),
    side('product, AES_128_GCM', await productFleet(rooms, 'SRTP_AEAD_AES_128_GCM')),
    side('product, SHA1_80', await productFleet(rooms, 'SRTP_AES128_CM_SHA1_80')),
  ] as const;
  const janus = (await hasJanus()) ? side('Janus, SHA1_80', await janusFleet(rooms)) : null;
  const all: readonly Side[] = janus === null ? sides : [...sides, janus];
  try {
    for (let round = 0; round < rounds; round += 1) for (const each of all) await measure(each);
    console.log('side                       µs a packet (all rounds)                     consumers a core   of the control process');
    for (const each of all) console.log(row(each));
    const [raw, product, shorter, sha1] = sides;
    console.log(`goal 14: product / bare worker, same suite: ${ratio(raw, product)} (must ≥ 0.95, stretch ≥ 0.98)`);
    console.log(
      `goal 16: AES_256_GCM, what a browser is given, / SHA1_80, same library: ${ratio(sha1, product)} (must ≥ 1.8); AES_128_GCM / SHA1_80: ${ratio(sha1, shorter)}`,
    );
    console.log(
      janus === null
        ? 'goal 15: not measured, there is no Janus here (apt-get install --no-install-recommends janus)'
        : `goal 15: product / Janus' VideoRoom forwarding by rtp_forward, SHA1_80, same library: ${ratio(sha1, janus)} (must ≤ 1.7, stretch ≤ 1.3)`,
    );
  } finally {
    for (const { fleet } of all) await fleet.close();
  }
}

function side(name: string, fleet: Fleet): Side {
  return { name, fleet, microseconds: [], controlShare: [], sequence: 0 };
}

async function measure(each: Side): Promise<void> {
  const { fleet, microseconds, controlShare } = each;
  const stop = startLoad(fleet.senders, each.sequence);
  await wait(settleMs);
  const before = await snapshot(fleet);
  await wait(measureMs);
  const after = await snapshot(fleet);
  each.sequence = stop();
  const packets = after.packets - before.packets;
  const expected = fleet.receivers.length * packetsPerSecond * ((after.at - before.at) / 1_000);
  if (packets < expected * 0.9)
    console.log(`${each.name}: only ${packets} of ${Math.round(expected)} packets arrived; the machine is too busy`);
  microseconds.push(((after.workerMs - before.workerMs) * 1_000) / packets);
  controlShare.push((after.controlMs - before.controlMs) / (after.workerMs - before.workerMs));
}

async function snapshot({
  receivers,
  workerPid,
  controlPid,
}: Fleet): Promise<{ at: number; packets: number; workerMs: number; controlMs: number }> {
  return {
    at: performance.now(),
    packets: receivers.reduce((sum, { received }) => sum + received, 0),
    workerMs: await cpuMs(workerPid),
    controlMs: controlPid === undefined ? 0 : await cpuMs(controlPid),
  };
}

function row({ name, microseconds, controlShare }: Side): string {
  const cost = median(microseconds);
  const all = microseconds.map((each) => each.toFixed(1)).join(' ');
  return (
    `${name.padEnd(27)}${cost.toFixed(2).padStart(6)} (${all})`.padEnd(72) +
    `${Math.round(1e6 / cost / packetsPerSecond)}`.padEnd(19) +
    `${(median(controlShare) * 100).toFixed(1)} %`
  );
}

/** How many times cheaper the second is, round by round: what else the machine does troubles neighbours alike. */
function ratio(one: Side, other: Side): string {
  const ratios = one.microseconds.map((cost, round) => cost / (other.microseconds[round] ?? Number.NaN));
  return `${median(ratios).toFixed(3)} [${ratios.map((each) => each.toFixed(2)).join(' ')}]`;
}
