import { loadavg } from 'node:os';
import { openBadCall, type BadCall } from './bad-call.ts';
import { openCitizenLine, type CitizenLine } from './citizen-line.ts';
import { observe, sample, type Observed } from './observation.ts';

/** R43 and R44 of reliability.md: what a call does on a bad line. Two Chromiums with fake devices, one of them in a network of its own. */

const heading = `${' '.repeat(34)}heard: invented %  seen: frozen %  pictures/s  widths            changed after`;
const steadyMs = 10_000;
const observeMs = 30_000;

interface Scene {
  readonly line: CitizenLine;
  readonly call: BadCall;
}

/** `npm run bench -- network [NAME]`; without a name all of them, one after the other, each in a call of its own. */
const parts: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  good: async ({ call }) => {
    await observed('good', call, observeMs);
  },
  'loss-5': async (scene) => await measureLoss(scene, 5),
  'loss-15': async (scene) => await measureLoss(scene, 15),
  narrow: async ({ line, call }) => {
    await line.limit(256);
    await observed('256 kbit/s, both ways', call, observeMs);
    await line.mend();
    await observed('wide again', call, observeMs);
  },
  thin: async ({ line, call }) => {
    await line.limit(150);
    await observed('150 kbit/s, both ways', call, observeMs);
    await line.mend();
    await observed('wide again', call, observeMs);
  },
  'signing-400': async (scene) => await measureSigning(scene, 400),
  'signing-256': async (scene) => await measureSigning(scene, 256),
  jitter: async ({ call }) => {
    await call.end();
    call.slowDown(200, 50);
    const seconds = await call.begin();
    console.log(`200 ± 50 ms each way: the first picture ${seconds.toFixed(2)} s after joining`);
    await observed('200 ± 50 ms each way', call, observeMs);
  },
  address: async ({ line, call }) => {
    console.log(`address changed: ${await interruption(call, line.changeAddress)} (goal ≤ 3 s)`);
  },
  'no-udp': async ({ line, call }) => {
    await call.end();
    await line.blockUdp();
    const seconds = await call.begin();
    const { protocol } = await sample(call.citizen);
    console.log(`UDP blocked: the first picture ${seconds.toFixed(2)} s after joining, over ICE-${protocol.toUpperCase()} (goal ≤ 5 s)`);
  },
};

try {
  const [, wanted] = process.argv.slice(2);
  if (wanted !== undefined && !(wanted in parts)) throw new Error(`Usage: npm run bench -- network [${Object.keys(parts).join('|')}]`);
  console.log(heading);
  for (const [name, measure] of Object.entries(parts)) if (wanted === undefined || wanted === name) await inCall(measure);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function inCall(measure: (scene: Scene) => Promise<void>): Promise<void> {
  const line = await openCitizenLine();
  try {
    const call = await openBadCall(line);
    try {
      const seconds = await call.begin();
      await call.citizen.waitForTimeout(steadyMs);
      console.log(
        `(first picture ${seconds.toFixed(2)} s after joining on the good line; load of the machine ${loadavg()[0]?.toFixed(1)})`,
      );
      await measure({ line, call });
    } finally {
      await call.close();
    }
  } finally {
    await line.close();
  }
}

async function measureLoss({ line, call }: Scene, percent: number): Promise<void> {
  await line.lose(percent);
  await observed(`${percent} % lost, both ways`, call, observeMs);
  await line.mend();
  await observed('whole again', call, steadyMs);
}

/** The picture of hands, at 20 frames a second or more and not below 320×240, beside that of a face on the same line. */
async function measureSigning({ line, call }: Scene, kilobitsPerSecond: number): Promise<void> {
  const setSigning = async (signs: boolean): Promise<void> => {
    for (const page of [call.citizen, call.official])
      await page.evaluate((keepsFrames) => window.callPage.call().setSignLanguage(keepsFrames), signs);
  };
  await line.limit(kilobitsPerSecond);
  await call.citizen.waitForTimeout(steadyMs);
  await observed(`${kilobitsPerSecond} kbit/s, faces`, call, observeMs);
  await setSigning(true);
  await call.citizen.waitForTimeout(steadyMs);
  await observed(`${kilobitsPerSecond} kbit/s, hands`, call, observeMs);
}

async function observed(what: string, { citizen, official, takeLayers }: BadCall, durationMs: number): Promise<void> {
  takeLayers();
  const [atCitizen, atOfficial] = await Promise.all([observe(citizen, durationMs), observe(official, durationMs)]);
  const layers = takeLayers();
  console.log(`${row(`${what}: citizen`, atCitizen)}${layers.length > 0 ? `   told: ${layers.join(', ')}` : ''}`);
  console.log(row(`${' '.repeat(what.length)}  official`, atOfficial));
}

function row(who: string, { concealedPercent, frozenPercent, framesPerSecond, widths, adaptedAfterSeconds }: Observed): string {
  return [
    who.padEnd(34),
    concealedPercent.toFixed(1).padStart(10),
    frozenPercent.toFixed(1).padStart(16),
    framesPerSecond.toFixed(1).padStart(11),
    `   ${widths.join('→').padEnd(18)}`,
    adaptedAfterSeconds === null ? '–' : `${adaptedAfterSeconds.toFixed(1)} s`,
  ].join('');
}

/** How long no new picture came, at both, and what became of the call. */
async function interruption({ citizen, official }: BadCall, disturb: () => Promise<void>): Promise<string> {
  const startedAt = performance.now();
  const more = { frames: 5, audioPackets: 5 };
  await disturb();
  // What was under way still arrives; after this moment only a mended line brings pictures.
  await citizen.waitForTimeout(300);
  const back = await Promise.all(
    [citizen, official].map(async (page) => {
      await page.evaluate(async (wanted) => await window.callPage.untilReceived(wanted), more);
      return (performance.now() - startedAt) / 1_000;
    }),
  );
  return back
    .map((seconds, index) => `${index === 0 ? 'citizen' : 'official'} sees and hears again after ${seconds.toFixed(1)} s`)
    .join(', ');
}
