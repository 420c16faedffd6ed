import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { Client } from 'pg';
import { afterAll, beforeAll, expect } from 'vitest';
import { waitUntil } from '../../client/net/observable.ts';
import { storeNames } from '../../client/storage/database.ts';
import { openBlobDirectory } from '../../server/attachments/blobs.ts';
import { createRedisBus } from '../../server/platform/bus.ts';
import { createRateLimit } from '../../server/platform/rate-limit.ts';
import { openRedis } from '../../server/platform/redis.ts';
import { findCanaries, findCanariesInDatabase, findCanariesInFiles, findSecrets, newCanaries } from '../support/canaries.ts';
import { startTestRedis } from '../support/redis.ts';
import { attack, says } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { Insider } from './insider.ts';
import { Scene } from './scene.ts';
import { delivered, type Victim } from './victim.ts';

const perMessage = 20;

/** Everything the installation keeps: a database, its log of changes, files, a Redis, what is logged. */
async function openInstallation() {
  const directory = await mkdtemp(join(tmpdir(), 'schalter-canary-'));
  const redis = await startTestRedis();
  const log = pino({ level: 'silent' });
  const client = openRedis({ url: redis.url, log });
  const overRedis: string[] = [];
  // Before anybody else says anything: what others say must not come between its first two answers.
  const monitor = await client.monitor();
  const bus = createRedisBus(client, log);
  monitor.on('monitor', (_time: string, parameters: string[]) => void overRedis.push(parameters.join(' ')));
  const limit = createRateLimit(client);
  const evil = await EvilServer.start({
    bus,
    blobs: await openBlobDirectory(directory),
    // A hundred times as much as anybody else: it is all one address.
    rateLimit: { take: async (name, key, { points, perSeconds }) => await limit.take(name, key, { points: points * 100, perSeconds }) },
  });
  return {
    evil,
    directory,
    overRedis,
    /** Makes Redis write down what it has, unpacked, and says where. */
    dumpRedis: async () => {
      await client.config('SET', 'rdbcompression', 'no');
      await client.save();
      return dirname(redis.url);
    },
    close: async () => {
      await evil.close();
      monitor.disconnect();
      client.disconnect();
      await redis.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What PostgreSQL has written ahead: the values of rows that are there no more are still in it. */
async function readWal(databaseUrl: string, since: string): Promise<Buffer> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('select pg_switch_wal()');
    const { rows: files } = await client.query<{ name: string }>(
      `select name from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$' and name between $1 and pg_walfile_name(pg_current_wal_lsn())`,
      [since],
    );
    const segments: Buffer[] = [];
    for (const { name } of files) {
      const { rows } = await client.query<{ bytes: Buffer }>(`select pg_read_binary_file('pg_wal/' || $1) as bytes`, [name]);
      segments.push(...rows.map(({ bytes }) => bytes));
    }
    return Buffer.concat(segments);
  } finally {
    await client.end();
  }
}

/** The segment that is being written: everything from now on is in it, or in a later one. */
async function presentWal(databaseUrl: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>('select pg_walfile_name(pg_current_wal_lsn()) as name');
    return rows[0]?.name ?? '';
  } finally {
    await client.end();
  }
}

/** All that lies in a browser. Keys that cannot be taken out of it are not among it. */
async function storedIn({ database }: Victim): Promise<Buffer> {
  const stores = await Promise.all(
    storeNames.filter((store) => store !== 'wrappingKeys').map(async (store) => await database.list(store, '')),
  );
  const parts: Buffer[] = [];
  const collect = (value: unknown): void => {
    if (value instanceof Uint8Array) parts.push(Buffer.from(value));
    else if (typeof value === 'string') parts.push(Buffer.from(value));
    else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) collect(part);
  };
  collect(stores);
  return Buffer.concat(parts);
}

let installation: Awaited<ReturnType<typeof openInstallation>> | undefined;

beforeAll(async () => {
  installation = await openInstallation();
});
afterAll(async () => {
  await installation?.close();
});

attack(
  48,
  'of a thousand texts people wrote, and of their keys, nothing is found anywhere but with them',
  async ({ reads }) => {
    if (!installation) throw new Error('there is no installation');
    const firstWal = await presentWal(installation.evil.server.databaseUrl);
    const scene = await Scene.open(installation.evil);
    const { evil, directory, overRedis, dumpRedis } = installation;
    const { citizen, official, office } = scene;
    const insider = await Insider.hire(scene);
    const { mark, texts } = newCanaries(1_000);
    const next = () => texts[written++] ?? '';
    let written = 0;

    const asking = scene.asking;
    for (let index = 0; index < 30; index += 1) {
      await citizen.messenger.profile.saveName(next());
      await asking.send(Array.from({ length: perMessage }, next).join(' '), 'lb');
    }
    for (let index = 0; index < 10; index += 1) await scene.answered.send(Array.from({ length: perMessage }, next).join(' '), 'fr');
    const [passkey] = citizen.messenger.security.passkeys.state.value;
    for (let index = 0; index < 30; index += 1) {
      await citizen.messenger.drafts.save(`service:${index}`, next());
      if (passkey) await citizen.messenger.security.passkeys.rename(passkey.credentialId, next());
    }
    const files = Array.from(
      { length: 10 },
      () => new File([Array.from({ length: 10 }, next).join('\n')], `${next()}.txt`, { type: 'text/plain' }),
    );
    asking.attachments.send(asking.conversationId, files);
    await waitUntil(asking.attachments.uploads, (uploads) => uploads.length === 0);
    await delivered(asking);
    expect(written).toBe(1_000);
    // They have arrived: this is what was looked for.
    const { items } = await waitUntil(scene.answered.state, (state) => state.items.filter(({ kind }) => kind === 'message').length === 51);
    expect(findCanaries('what the official reads', Buffer.from(JSON.stringify(items)), [mark])).not.toEqual([]);

    const [epoch] = await insider.epochs();
    const secrets = [
      epoch?.keys.secret ?? new Uint8Array(),
      epoch?.keys.messageKey ?? new Uint8Array(),
      insider.gim.device.seed,
      ...insider.gim.ring().map(({ seed }) => seed),
      ...office.inbox.ring(insider.gim).map(({ seed }) => seed),
    ];
    expect(secrets.map(({ length }) => length)).toEqual([32, 32, 32, 32, 32]);
    const { server, overheard } = evil;
    expect(overheard.join('\n')).toContain(asking.conversationId);
    expect(overRedis.join('\n')).toContain('gim:node:');
    const wal = await readWal(server.databaseUrl, firstWal);
    expect(wal.includes(Buffer.from(asking.conversationId))).toBe(true);
    const places: readonly (readonly [string, Buffer])[] = [
      ['the line', Buffer.from(overheard.join('\n'), 'latin1')],
      ['the log', Buffer.from(server.log.join(''))],
      ['Redis', Buffer.from(overRedis.join('\n'))],
      ['the write-ahead log', wal],
      ['the citizen`s browser', await storedIn(citizen)],
      ['the official`s browser', await storedIn(official)],
    ];
    expect(places.flatMap(([where, bytes]) => [...findCanaries(where, bytes, [mark]), ...findSecrets(where, bytes, secrets)])).toEqual([]);
    expect(await findCanariesInDatabase(server.databaseUrl, [mark])).toEqual([]);
    expect(await findCanariesInFiles(directory, [mark])).toEqual([]);
    expect(await findCanariesInFiles(await dumpRedis(), [mark])).toEqual([]);
    await reads(says('conversations.sealed', { office: 'Civil registry' }));
    scene.close();
  },
  120_000,
);
