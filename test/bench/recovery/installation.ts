import { setTimeout as wait } from 'node:timers/promises';
import { connectTestSfu } from '../../support/call-bridge.ts';
import { openProductCall, type ProductCall } from '../../support/product-call.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { hearsAndSees, type Visitor } from '../../support/visitors.ts';
import { figures } from './figures.ts';
import { countFreezes, largestGap, readFlow, watchFlow } from './flow.ts';
import { setOwnPriority } from './priority.ts';

/** R42 and R45 of reliability.md, and R40 once more: in the whole product with two media servers, two people in Chromium. */

const repetitions = 3;
const drainSeconds = 5;
const settleMs = 3_000;

/** What happened at both people after something was done to the call. */
interface After {
  /** The longest times without. */
  readonly pictures: readonly number[];
  readonly sounds: readonly number[];
  /** As long before it, for what the machine does anyway. */
  readonly picturesBefore: readonly number[];
}

/** The chat server, and a worker of the media server that carries the call. */
export async function measureServer(): Promise<void> {
  await using call = await openCall();
  await measureServerKilled(call);
  report('R40: worker killed', await repeat(call, async () => await killWorker(call)), 'pictures again p95 ≤ 3,000 ms');
}

/** A whole media server of two. */
export async function measureNodes(): Promise<void> {
  await using call = await openCall();
  const nodes = [...call.installation.sfus];
  try {
    report('R42: media server killed', await repeat(call, async () => await killNode(nodes)), 'media again ≤ 5,000 ms');
    await measureDraining(call, nodes);
  } finally {
    for (const sfu of nodes) if (!call.installation.sfus.includes(sfu)) await sfu.kill();
  }
}

async function openCall(): Promise<ProductCall> {
  const call = await openProductCall({ sfuCount: 2, drainSeconds, prepare: async ({ context }) => await watchFlow(context) });
  console.log('one call in the whole product: server, database, two media servers, two people in Chromium');
  return call;
}

async function repeat(call: ProductCall, act: () => Promise<void>): Promise<readonly After[]> {
  const rounds: After[] = [];
  for (let round = 0; round < repetitions; round += 1) rounds.push(await disturb(call, act));
  return rounds;
}

async function measureServerKilled(call: ProductCall): Promise<void> {
  const killed: After[] = [];
  const [sinceKill, sinceStart]: [number[], number[]] = [[], []];
  const frozenBefore = await freezes(call);
  for (let round = 0; round < repetitions; round += 1) {
    const answered = [call.citizen, call.official].map(untilAnswered);
    let startedAt = 0;
    let at = 0;
    killed.push(
      await disturb(call, async () => {
        at = Date.now();
        await call.installation.killServer();
        await asElsewhere(async () => await call.installation.startServer());
        startedAt = Date.now();
      }),
    );
    for (const each of await Promise.all(answered)) {
      sinceKill.push(each - at);
      sinceStart.push(each - startedAt);
    }
  }
  report('R42: server killed and started again', killed, 'no gap > 200 ms');
  console.log(`     pictures that the browsers count as frozen:   ${(await freezes(call)) - frozenBefore}`);
  console.log(`     signalling again, since the kill:            ${figures(sinceKill)}`);
  console.log(`     signalling again, since the server listened: ${figures(sinceStart)}; goal ≤ 2,000 ms`);
}

async function freezes({ citizen, official }: ProductCall): Promise<number> {
  const counts = await Promise.all([citizen, official].map(async ({ page }) => await countFreezes(page)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** On a machine of its own what starts would take no processor from the people's browsers. */
async function asElsewhere(start: () => Promise<void>): Promise<void> {
  setOwnPriority(10);
  try {
    await start();
  } finally {
    setOwnPriority(0);
  }
}

/** When the page's next line to the server was let in: the server's first answer on it. */
async function untilAnswered({ page }: Visitor): Promise<number> {
  return await new Promise((resolve) => {
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        // Socket.IO's CONNECT in Engine.IO's message: the session is known.
        if (payload.toString().startsWith('40')) resolve(Date.now());
      });
    });
  });
}

async function measureDraining(call: ProductCall, nodes: TestSfu[]): Promise<void> {
  const index = await carrierAmong(nodes);
  const carrier = nodes[index];
  if (!carrier) throw new Error('nobody carries the call');
  const [startedAt, before] = [Date.now(), await carrierAmong(nodes)];
  const ended = carrier.close();
  await wait(drainSeconds * 1_000 - 500);
  const stays = await flowsSince(call, startedAt);
  await ended;
  await Promise.all([call.citizen, call.official].map(hearsAndSees));
  await wait(settleMs);
  const moves = await flowsSince(call, startedAt + drainSeconds * 1_000 - 500);
  report(`R45: SIGTERM to the media server, the first ${drainSeconds} s`, [stays], 'the call stays');
  report('     and then the move', [moves], '≤ 3,000 ms');
  nodes.splice(index, 1);
  const now = await carrierAmong(nodes);
  console.log(`     it was on media server ${before}, and is on the other one now: ${now === 0 ? 'yes' : 'no'}`);
}

async function disturb(call: ProductCall, act: () => Promise<void>): Promise<After> {
  await Promise.all([call.citizen, call.official].map(hearsAndSees));
  await wait(settleMs);
  const at = Date.now();
  await act();
  await wait(settleMs);
  await Promise.all([call.citizen, call.official].map(hearsAndSees));
  await wait(settleMs);
  return await flowsSince(call, at);
}

async function flowsSince({ citizen, official }: ProductCall, since: number): Promise<After> {
  const flows = await Promise.all([citizen, official].map(async ({ page }) => await readFlow(page)));
  return {
    pictures: flows.map(({ pictures }) => largestGap(pictures, since).ms),
    sounds: flows.map(({ sounds }) => largestGap(sounds, since).ms),
    picturesBefore: flows.map(({ pictures }) => largestGap(pictures, since - settleMs, since).ms),
  };
}

/** Which of them has the call's room. */
async function carrierAmong(nodes: readonly TestSfu[]): Promise<number> {
  const used = await Promise.all(
    nodes.map(async (sfu) => {
      const client = connectTestSfu(sfu);
      try {
        const { rooms } = await client.request('room:list', {});
        return rooms.some(({ peers }) => peers.length > 0);
      } finally {
        client.close();
      }
    }),
  );
  return used.indexOf(true);
}

async function killWorker({ installation: { sfus } }: ProductCall): Promise<void> {
  const carrier = sfus[await carrierAmong(sfus)];
  if (!carrier) throw new Error('nobody carries the call');
  const client = connectTestSfu(carrier);
  const { workers } = await client.request('node:status', {});
  client.close();
  for (const { pid } of workers) process.kill(pid, 'SIGKILL');
}

/** What it carried goes on at the other one, and another one takes its place. */
async function killNode(nodes: TestSfu[]): Promise<void> {
  const index = await carrierAmong(nodes);
  const carrier = nodes[index];
  if (!carrier) throw new Error('nobody carries the call');
  await carrier.kill();
  await wait(settleMs);
  nodes[index] = await startTestSfu({ controlPort: Number(new URL(carrier.url).port), secret: carrier.secret, drainSeconds });
}

function report(what: string, rounds: readonly After[], goal: string): void {
  console.log(`${what}${rounds.length > 1 ? `, ${rounds.length} times` : ''}; goal: ${goal}`);
  console.log(`     longest time without pictures: ${figures(rounds.flatMap(({ pictures }) => pictures))}`);
  console.log(`     in the ${settleMs} ms before it:        ${figures(rounds.flatMap(({ picturesBefore }) => picturesBefore))}`);
  console.log(`     longest time without sound:    ${figures(rounds.flatMap(({ sounds }) => sounds))}`);
}
