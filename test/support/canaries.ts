import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { Client } from 'pg';

/** A text that is nowhere else, with letters outside ASCII, so that every way of writing it down differs. */
export function newCanary(): string {
  return `Kanarie-${randomBytes(9).toString('hex')}-ëäé`;
}

export interface Flock {
  /** What all of them begin with: to look for one is to look for all. */
  readonly mark: string;
  readonly texts: readonly string[];
}

/** As many as are wanted, each a text of its own. */
export function newCanaries(count: number): Flock {
  const mark = newCanary();
  return { mark, texts: Array.from({ length: count }, (_, index) => `${mark}-${String(index).padStart(4, '0')}`) };
}

/** A canary as it would look wherever it leaked: as it is, and in the encodings that things are stored in. */
function traces(canary: string): readonly (readonly [string, Buffer])[] {
  return [
    ...writings(Buffer.from(canary)),
    ['UTF-16LE', Buffer.from(canary, 'utf16le')],
    ['UTF-16BE', Buffer.from(canary, 'utf16le').swap16()],
    [
      'JSON escapes',
      Buffer.from(
        JSON.stringify(canary)
          .replace(/[^\0-~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .slice(1, -1),
      ),
    ],
  ];
}

/** Bytes as they are and in the ways bytes are written as text. */
function writings(utf8: Buffer): readonly (readonly [string, Buffer])[] {
  const hex = utf8.toString('hex');
  // Inside longer text base64 begins at any of three offsets; of each, what does not depend on the neighbours.
  const inBase64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), utf8]).toString('base64');
    return text.slice(offset === 0 ? 0 : offset + 1, Math.floor((utf8.length + offset) / 3) * 4);
  });
  return [
    ['as it is', utf8],
    ['hex', Buffer.from(hex)],
    ['HEX', Buffer.from(hex.toUpperCase())],
    ...inBase64.map((text) => ['base64', Buffer.from(text)] as const),
    ...inBase64.map((text) => ['base64url', Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_'))] as const),
  ];
}

/** Which canaries are in `bytes`, also when they are compressed, and how; empty when none is. `where` is for the message. */
export function findCanaries(where: string, bytes: Buffer, canaries: readonly string[]): readonly string[] {
  return [bytes, ...expanded(bytes)].flatMap((content) =>
    canaries.flatMap((canary) =>
      traces(canary).flatMap(([encoding, trace]) => (content.includes(trace) ? [`${where}: ${canary} as ${encoding}`] : [])),
    ),
  );
}

/** The same for secrets: bytes that must be nowhere, as they are or written in any way bytes are written. */
export function findSecrets(where: string, bytes: Buffer, secrets: readonly Uint8Array[]): readonly string[] {
  return [bytes, ...expanded(bytes)].flatMap((content) =>
    secrets.flatMap((secret, index) =>
      writings(Buffer.from(secret)).flatMap(([encoding, trace]) =>
        content.includes(trace) ? [`${where}: secret ${index} as ${encoding}`] : [],
      ),
    ),
  );
}

/** What the bytes are when they are unpacked: gzip, zlib and raw deflate; nothing where they are none of these. */
function expanded(bytes: Buffer): readonly Buffer[] {
  const most = { maxOutputLength: 64 * 1024 * 1024 };
  const looksPacked = bytes.length > 2 && ((bytes[0] === 0x1f && bytes[1] === 0x8b) || bytes[0] === 0x78);
  if (!looksPacked) return [];
  return [gunzipSync, inflateSync, inflateRawSync].flatMap((unpack) => {
    try {
      return [unpack(bytes, most)];
    } catch {
      return [];
    }
  });
}

/** The same for every column of every table of a database: the values of bytea as they are, everything else as text. */
export async function findCanariesInDatabase(databaseUrl: string, canaries: readonly string[]): Promise<readonly string[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const found: string[] = [];
    const { rows: columns } = await client.query<{ schema: string; table: string; column: string; bytes: boolean }>(
      `select table_schema as schema, table_name as table, column_name as column, data_type = 'bytea' as bytes
       from information_schema.columns join information_schema.tables using (table_catalog, table_schema, table_name)
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    for (const { schema, table, column, bytes } of columns) {
      const name = [schema, table].map((part) => client.escapeIdentifier(part)).join('.');
      const value = `${client.escapeIdentifier(column)}${bytes ? '' : '::text'}`;
      const { rows } = await client.query<{ value: Buffer | string }>(`select ${value} as value from ${name} where ${value} is not null`);
      const values = rows.map((row) => (typeof row.value === 'string' ? Buffer.from(row.value) : row.value));
      found.push(...values.flatMap((each) => findCanaries(`${table}.${column}`, each, canaries)));
    }
    if (columns.length === 0) throw new Error('there is no table');
    return found;
  } finally {
    await client.end();
  }
}

/** The same for every file below a directory. */
export async function findCanariesInFiles(directory: string, canaries: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    found.push(...findCanaries(file, await readFile(file), canaries));
  }
  return found;
}
