/** Who tries an attack: a unit test, an evil server between real clients, or a browser. */
export type Means = 'U' | 'E' | 'B';

export interface Row {
  readonly number: number;
  readonly means: Means;
  readonly attack: string;
  readonly must: string;
  /** Why there is no test, where there is none yet. */
  readonly waitsFor?: string;
  /** What of the row is not tried yet, where something is. */
  readonly lacks?: string;
}

const keyDirectory = 'the key directory';

/** crypto.md §13, row by row. A test belongs to a row when its name says "attack 7" or "attacks 16, 17 and 18". */
export const rows: readonly Row[] = [
  {
    number: 1,
    means: 'E',
    attack: 'adds a device with its own key to a user`s chain',
    must: 'chain refused and told; nothing sealed to the device',
  },
  {
    number: 2,
    means: 'E',
    attack: 'adds an official in the database without a link',
    must: 'nothing sealed to him; an epoch with him is refused',
  },
  { number: 3, means: 'E', attack: 'a member, or an admin after his demotion, adds somebody', must: 'refused by server and client' },
  { number: 4, means: 'E', attack: 'one signature where the policy says two; twice the same person', must: 'refused' },
  {
    number: 5,
    means: 'E',
    attack: 'shows a chain that ends before the removal',
    must: 'told, by the head that is remembered',
    lacks: `first contact: ${keyDirectory}`,
  },
  {
    number: 6,
    means: 'E',
    attack: 'shows the citizen one chain and the office another',
    must: 'told on both sides',
    lacks: `gossip of checkpoints: ${keyDirectory}`,
  },
  { number: 7, means: 'E', attack: 'alternates the tail between batches', must: 'auditors do not cosign', waitsFor: keyDirectory },
  {
    number: 8,
    means: 'E',
    attack: 'shows an older, other or badly cosigned checkpoint',
    must: 'refused; sending stops',
    waitsFor: keyDirectory,
  },
  { number: 9, means: 'U', attack: 'forges proofs of consistency or absence', must: 'refused', waitsFor: keyDirectory },
  { number: 10, means: 'E', attack: 'shows another root under a known id', must: 'refused' },
  { number: 11, means: 'E', attack: 'a false inbox of the same name, with no or one registry signature', must: 'refused' },
  { number: 12, means: 'E', attack: 'a removed official asks for more, or is given the bytes', must: 'denied; does not open' },
  { number: 13, means: 'E', attack: 'a removed official writes in the old epoch after the next one', must: 'refused by all clients' },
  {
    number: 14,
    means: 'E',
    attack: 'hides the removal from the citizen and hands on what he writes',
    must: 'the office answers under newer keys; the citizen is told',
    lacks: `bound in time: ${keyDirectory}`,
  },
  { number: 15, means: 'E', attack: 'a removal or revocation without a new key', must: 'refused' },
  { number: 16, means: 'U', attack: 'another seed for each reader', must: 'bad_key' },
  { number: 17, means: 'U', attack: 'a box moved to another reader, generation, conversation, epoch', must: 'does not open' },
  { number: 18, means: 'U', attack: 'the previous box with the old key, or another previous seed', must: 'refused' },
  {
    number: 19,
    means: 'E',
    attack: 'seals the inbox`s key to a member`s outdated key',
    must: 'the audit says so; rotated before anything is sealed',
  },
  { number: 20, means: 'E', attack: 'a box more than readers', must: 'not stored, not fetched' },
  { number: 21, means: 'E', attack: 'an epoch with an unknown reader, or without the citizen', must: 'refused and shown' },
  { number: 22, means: 'U', attack: 'a bit of the header, field by field', must: 'refused' },
  { number: 23, means: 'E', attack: 'what one signed under another header; in another`s name', must: 'refused' },
  { number: 24, means: 'E', attack: 'a replay, a doubled id, a gap or a repeat of the counter', must: 'dropped; told' },
  { number: 25, means: 'E', attack: 'drops, reorders, inserts; another order for each', must: 'told' },
  { number: 26, means: 'U', attack: 'edits or redacts what another wrote', must: 'ignored' },
  {
    number: 27,
    means: 'U',
    attack: 'other encodings, deep nesting, false lengths, unknown versions',
    must: 'refused in bounded time and memory',
  },
  { number: 28, means: 'U', attack: 'S ≥ L, small order, wrong lengths, another domain', must: 'refused' },
  { number: 29, means: 'U', attack: 'swaps, drops, adds, mixes chunks of a file; a size bomb', must: 'nothing written or shown' },
  {
    number: 30,
    means: 'B',
    attack: 'a file named x.html, an SVG with script, a double extension, a turned direction',
    must: 'downloaded or sandboxed; name escaped',
  },
  {
    number: 31,
    means: 'B',
    attack: 'PRF results in a request',
    must: 'never sent; 400 and an alarm',
  },
  {
    number: 32,
    means: 'B',
    attack: 'an authenticator without PRF, or with one that fails or changes',
    must: 'goes on without; nothing overwritten',
  },
  {
    number: 33,
    means: 'B',
    attack: 'no user verification, another origin, a replayed challenge, odd counters',
    must: 'refused',
  },
  { number: 34, means: 'U', attack: 'a recovery code with a typo, of another, or used', must: 'refused, each in its way' },
  {
    number: 35,
    means: 'E',
    attack: 'swaps the new device`s keys; sits between both sides',
    must: 'hash differs, digits differ, reveal differs: ended',
  },
  { number: 36, means: 'E', attack: 'a reset by one registrar, too early, or by the database', must: 'refused; old devices told' },
  { number: 37, means: 'E', attack: 'asks for history after a real reset', must: 'nothing sealed without an official`s act' },
  {
    number: 38,
    means: 'E',
    attack: 'a stolen device after its revocation',
    must: 'denied; its signatures refused; new epochs closed to it',
  },
  { number: 39, means: 'E', attack: 'a ghost in the call', must: 'no key, no tile; told' },
  { number: 40, means: 'B', attack: 'the SFU records everything', must: 'nothing decodes' },
  { number: 41, means: 'B', attack: 'the SFU injects plain frames', must: 'dropped' },
  { number: 42, means: 'B', attack: 'the SFU replays, reorders, flips', must: 'dropped' },
  { number: 43, means: 'B', attack: 'the SFU swaps streams', must: 'dropped and told' },
  { number: 44, means: 'B', attack: 'earlier or later media', must: 'undecryptable' },
  { number: 45, means: 'U', attack: 'a counter or a media key used twice', must: 'refuses to encrypt' },
  { number: 46, means: 'B', attack: 'no transform in the browser; "e2ee:false"', must: 'no track' },
  { number: 47, means: 'E', attack: 'a reveal of a revoked device, of nobody, of another call', must: 'refused' },
  { number: 48, means: 'U', attack: 'a thousand canaries, then a search of all that is stored', must: 'none found' },
  { number: 49, means: 'B', attack: 'script in a message, a name, a file; javascript: addresses', must: 'blocked by the page`s policy' },
  { number: 50, means: 'E', attack: '10⁵ links, an epoch of 10⁴ readers', must: 'refused before anything is reckoned' },
];

/** Tests that are about an attack and do not say its number: a file, and what the name contains. */
export const otherTests: readonly (readonly [number: number, file: string, name: string])[] = [
  [5, 'test/unit/client/alarms.test.ts', 'an account whose chain is shorter than once seen'],
  [19, 'test/integration/box-audit.test.ts', ''],
  [25, 'test/unit/client/lying-server.test.ts', ''],
  [27, 'test/unit/crypto/codec.test.ts', ''],
  [27, 'test/unit/crypto/decoders.test.ts', ''],
  [31, 'test/integration/passkeys.test.ts', 'key material of a passkey is refused'],
  [31, 'test/integration/ways-in.test.ts', 'what a passkey evaluates to is in nothing that is posted'],
  [31, 'test/unit/client/passkeys.test.ts', 'PRF output'],
  [32, 'test/integration/ways-in.test.ts', 'a passkey that evaluates to something else'],
  [32, 'test/unit/client/passkeys.test.ts', 'because of PRF'],
  [33, 'test/integration/passkeys.test.ts', 'K'],
  [34, 'test/integration/ways-in.test.ts', 'code'],
  [35, 'test/integration/let-in.test.ts', ''],
  [36, 'test/integration/resets.test.ts', ''],
  [38, 'test/integration/devices.test.ts', 'sessions of a revoked device end'],
];

/** The numbers a test's name says: "attack 7", "attacks 16, 17, 18", "attacks 20 and 21". */
export function numbersIn(name: string): readonly number[] {
  return [...name.matchAll(/attacks? ([\d, and]+)/gi)].flatMap(([, list = '']) => (list.match(/\d+/g) ?? []).map(Number));
}
