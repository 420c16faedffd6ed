import { loadavg } from 'node:os';
import { openBadCall, type BadCall } from './bad-call.ts';
import { openCitizenLine, type CitizenLine } from './citizen-line.ts';
import { observe, sample, type Observed } from './observation.ts';

/** R43 and R44 of reliability.md: what a call does on a bad line. Two Chromiums with fake devices, one of them in a network of its own. */

const steadyMs = 10_000;
const observeMs = 30_000;

try {
  const line = await openCitizenLine();
  try {
    await measure(line);
  } finally {
    await line.close();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function measure(line: CitizenLine): Promise<void> {
  const call = await openBadCall(line);
  try {
    const joinedAfter = await call.begin();
    console.log(`a good line: the citizen sees the official ${joinedAfter.toFixed(2)} s after joining`);
    await call.citizen.waitForTimeout(steadyMs);
    console.log(`(load of the machine: ${loadavg()[0]?.toFixed(1)} on its cores; a busy one freezes pictures too)`);
    console.log('                          | heard: invented % | seen: frozen %  pictures/s  widths             changed after');
    await observed('good', call, steadyMs);
    for (const percent of [5, 15]) {
      await line.lose(percent);
      await observed(`${percent} % lost, both ways`, call, observeMs);
      await line.mend();
      await call.citizen.waitForTimeout(steadyMs);
    }
    await line.limit(256);
    await observed('256 kbit/s, both ways', call, observeMs);
    await line.mend();
    await observed('good again', call, observeMs);
    console.log(`address changed: ${await interruption(call, async () => await line.changeAddress())}`);
    await call.end();

    await line.blockUdp();
    const overTcp = await call.begin();
    const { protocol } = await sample(call.citizen);
    console.log(
      `UDP blocked: the citizen sees the official ${overTcp.toFixed(2)} s after joining, over ICE-${protocol.toUpperCase()} (goal ≤ 5 s)`,
    );
    await call.end();
  } finally {
    await call.close();
  }
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
