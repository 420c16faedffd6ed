import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A network of its own for one browser, joined to this machine by one cable that can be made as bad as wanted. Needs root, ip, tc and nft. */
export interface CitizenLine {
  /** Where this machine is reached through the cable. */
  readonly hostAddress: string;
  /** A program that starts Chromium inside. */
  readonly chromium: string;
  /** So many of a hundred packets vanish, in each direction. */
  lose(percent: number): Promise<void>;
  /** In each direction, with a queue of 200 ms. */
  limit(kilobitsPerSecond: number): Promise<void>;
  blockUdp(): Promise<void>;
  /** The browser has another address from now on, as after a change from one wireless network to another. */
  changeAddress(): Promise<void>;
  /** Takes away loss, limit and block. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

const name = `schalter-${process.pid}`;
const outside = `sch${process.pid}o`;
const inside = `sch${process.pid}i`;
/** Two runs side by side have different ones, mostly. */
const network = `10.231.${process.pid % 256}`;

async function within(...command: string[]): Promise<void> {
  await run('ip', ['netns', 'exec', name, ...command]);
}

/** @throws Error with one plain sentence when this machine does not allow it. */
export async function openCitizenLine(): Promise<CitizenLine> {
  if (process.getuid?.() !== 0) throw new Error('Networks of its own can only be made by root; run this as root.');
  for (const [program, ...version] of [
    ['ip', '-V'],
    ['tc', '-V'],
    ['nft', '--version'],
  ] as const)
    await run(program, version).catch(() => {
      throw new Error(`This machine lacks the program ${program} (Debian packages iproute2 and nftables).`);
    });
  const directory = await mkdtemp(join(tmpdir(), 'schalter-line-'));
  const close = async (): Promise<void> => {
    await run('ip', ['netns', 'delete', name]).catch(() => undefined);
    await run('ip', ['link', 'delete', outside]).catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await run('ip', ['netns', 'add', name]).catch((error: unknown) => {
      throw new Error('This machine does not allow network namespaces.', { cause: error });
    });
    await run('ip', ['link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name]);
    await run('ip', ['address', 'add', `${network}.1/24`, 'dev', outside]);
    await run('ip', ['link', 'set', outside, 'up']);
    await within('ip', 'link', 'set', 'lo', 'up');
    await within('ip', 'address', 'add', `${network}.2/24`, 'dev', inside);
    await within('ip', 'link', 'set', inside, 'up');
    await within('ip', 'route', 'add', 'default', 'via', `${network}.1`);
    const chromium = join(directory, 'chromium');
    await writeFile(chromium, `#!/bin/sh\nexec ip netns exec ${name} ${process.env['CHROMIUM'] ?? '/usr/bin/chromium'} "$@"\n`);
    await chmod(chromium, 0o755);

    const filter = async (rule: string): Promise<void> => {
      const chains = ['input', 'output'].map(
        (hook) => `chain ${hook} {\n type filter hook ${hook} priority 0;\n iifname "lo" accept;\n oifname "lo" accept;\n ${rule};\n }`,
      );
      await within('nft', `flush ruleset\ntable inet line {\n ${chains.join('\n')}\n }`);
    };
    let lastAddress = 2;
    return {
      hostAddress: `${network}.1`,
      chromium,
      lose: async (percent) => await filter(`numgen random mod 100 < ${percent} drop`),
      blockUdp: async () => await filter('meta l4proto udp drop'),
      limit: async (kilobitsPerSecond) => {
        // Not more than a packet at once: whoever tries out a line with a few would find it wider than it is.
        const shaped = ['root', 'tbf', 'rate', `${kilobitsPerSecond}kbit`, 'burst', '1600', 'latency', '200ms'];
        await run('tc', ['qdisc', 'replace', 'dev', outside, ...shaped]);
        await within('tc', 'qdisc', 'replace', 'dev', inside, ...shaped);
      },
      changeAddress: async () => {
        await within('ip', 'address', 'delete', `${network}.${lastAddress}/24`, 'dev', inside);
        lastAddress += 1;
        await within('ip', 'address', 'replace', `${network}.${lastAddress}/24`, 'dev', inside);
        await within('ip', 'route', 'replace', 'default', 'via', `${network}.1`);
      },
      mend: async () => {
        await within('nft', 'flush ruleset');
        await run('tc', ['qdisc', 'delete', 'dev', outside, 'root']).catch(() => undefined);
        await within('tc', 'qdisc', 'delete', 'dev', inside, 'root').catch(() => undefined);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
