import { beforeEach, expect, test } from 'vitest';
import { ComparedKeys, nothingKept, type PersonKey } from '../../../client/calls/people/compared-keys.ts';
import { Subject } from '../../../client/net/observable.ts';
import { type Comparisons, createComparisons } from '../../../client/storage/comparisons.ts';
import type { Database } from '../../../client/storage/database.ts';
import { memoryDatabase } from '../../../client/storage/memory-database.ts';
import { openVault } from '../../../client/storage/vault.ts';
import { type Base64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import { type AccountId, newId } from '../../../server/protocol/ids.ts';

const keyOf = (role: PersonKey['role'], fill: number, accountId = newId<'account'>()): PersonKey => ({
  accountId,
  role,
  signPk: toBase64Url(new Uint8Array(32).fill(fill)),
});
const citizen = keyOf('citizen', 1);
const colleague = keyOf('colleague', 2);
const interpreter = keyOf('interpreter', 3);
const own = newId<'account'>();

let database: Database;
let comparisons: Comparisons;
let clock: number;
/** Of those who have a chain. */
const identities = new Map<AccountId, Base64Url>();

beforeEach(async () => {
  identities.clear();
  database = memoryDatabase();
  clock = 1_000;
  comparisons = createComparisons({ database, vault: await openVault(database), accountId: own });
});

/** The page of a call with these people, once it has read what it remembers. */
async function callWith(keys: readonly PersonKey[], kept = comparisons) {
  const security = new Subject({ keys });
  const compared = new ComparedKeys({ kept, security, identityOf: (person) => identities.get(person) ?? null, now: () => clock });
  const come = async (people: readonly PersonKey[]): Promise<void> => {
    security.set({ keys: people });
    // Whatever is kept of them has been read by then.
    for (const { accountId } of people) await kept.load(accountId);
    await new Promise((resolve) => void setImmediate(resolve));
  };
  await come(keys);
  return { compared, come };
}

test('who was compared with is known in the next call, and nobody else', async () => {
  const first = await callWith([citizen]);
  expect(first.compared.state.value).toEqual({ state: 'open' });
  await first.compared.note('same');
  expect(first.compared.state.value).toEqual({ state: 'same', at: 1_000 });

  const next = await callWith([citizen]);
  expect(next.compared.state.value).toEqual({ state: 'same', at: 1_000 });
  await next.come([citizen, colleague]);
  expect(next.compared.state.value).toEqual({ state: 'open' });
  await next.come([citizen]);
  expect(next.compared.state.value).toEqual({ state: 'same', at: 1_000 });
  await next.come([]);
  expect(next.compared.state.value).toEqual({ state: 'open' });
});

test('other keys of the same person are said to be others, until they too were compared; the old ones stay known', async () => {
  await (await callWith([citizen])).compared.note('same');
  const elsewhere = keyOf('citizen', 9, citizen.accountId);
  const { compared, come } = await callWith([elsewhere]);
  expect(compared.state.value).toEqual({ state: 'changed', people: [{ accountId: citizen.accountId, at: 1_000 }] });
  clock = 2_000;
  await compared.note('same');
  expect(compared.state.value).toEqual({ state: 'same', at: 2_000 });
  await come([citizen]);
  expect(compared.state.value).toEqual({ state: 'same', at: 1_000 });
});

test('somebody on another device of his is who he was; whose account began anew since may be somebody else', async () => {
  identities.set(citizen.accountId, colleague.signPk);
  await (await callWith([citizen])).compared.note('same');
  const elsewhere = keyOf('citizen', 9, citizen.accountId);
  expect((await callWith([elsewhere])).compared.state.value).toEqual({ state: 'same', at: 1_000 });
  identities.set(citizen.accountId, interpreter.signPk);
  expect((await callWith([elsewhere])).compared.state.value).toMatchObject({ state: 'changed' });
});

test('different numbers outlast the call and outweigh everything, until the same keys were found the same', async () => {
  await (await callWith([citizen, colleague])).compared.note('same');
  await (await callWith([citizen])).compared.note('differs');
  const { compared } = await callWith([citizen, colleague]);
  expect(compared.state.value).toEqual({ state: 'differs' });
  clock = 3_000;
  await compared.note('same');
  expect((await callWith([citizen])).compared.state.value).toEqual({ state: 'same', at: 3_000 });
});

test('of a guest nothing is kept, and a guest keeps nothing', async () => {
  await (await callWith([interpreter])).compared.note('same');
  expect(await comparisons.load(interpreter.accountId)).toEqual([]);
  const ofGuest = await callWith([citizen], nothingKept);
  await ofGuest.compared.note('same');
  expect(ofGuest.compared.state.value).toEqual({ state: 'same', at: 1_000 });
  expect((await callWith([citizen], nothingKept)).compared.state.value).toEqual({ state: 'open' });
});

test('what was changed on the disk, or put in somebody else’s place, is no comparison', async () => {
  await comparisons.save(citizen.accountId, { identity: citizen.signPk, answer: 'same', at: 1 });
  const sealed = await database.get('texts', `${own}/compared/${citizen.accountId}`);
  if (!sealed) throw new Error('it was not kept');
  expect(new TextDecoder('latin1').decode(sealed)).not.toContain('same');
  await database.put('texts', `${own}/compared/${colleague.accountId}`, sealed);
  expect(await comparisons.load(colleague.accountId)).toEqual([]);
  expect(await comparisons.load(citizen.accountId)).toEqual([{ identity: citizen.signPk, answer: 'same', at: 1 }]);
});
