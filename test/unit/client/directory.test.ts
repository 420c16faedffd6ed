import { expect, test } from 'vitest';
import { createDirectory } from '../../../client/account/directory.ts';
import { createRegistrars } from '../../../client/account/registrars.ts';
import type { Alarm } from '../../../client/storage/alarm.ts';
import { createChainStore } from '../../../client/storage/chain-store.ts';
import { memoryDatabase } from '../../../client/storage/memory-database.ts';
import { fromBase64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import { idOf, type InboxId } from '../../../server/protocol/ids.ts';
import { answering } from '../../support/answering.ts';
import { type Inbox, registryPks, World } from '../../support/gim-world.ts';
import { notBefore, Registrars } from '../../support/registrars.ts';

/** A directory at a server that knows everybody of this world and says which inbox the registrars' is. */
function openDirectory(world: World, find: () => Inbox | null, now: () => number = () => notBefore) {
  const asked: InboxId[] = [];
  const alarms: Alarm[] = [];
  const request = answering({
    'account:load': ({ accountIds }) => ({
      accounts: accountIds.flatMap((accountId) => {
        const person = world.find(fromBase64Url(accountId));
        return person ? [{ accountId, displayName: null, links: person.shelf.links.map(toBase64Url) }] : [];
      }),
    }),
    'inbox:load': ({ inboxId, afterSeqno }) => {
      asked.push(inboxId);
      const links = (find()?.shelf.links ?? []).map(toBase64Url);
      // One link a page, as if there were many.
      return { links: links.slice(afterSeqno, afterSeqno + 1), head: links.length };
    },
  });
  const findInbox = async () => {
    const inbox = find();
    return inbox && idOf<'inbox'>(inbox.id);
  };
  const registrars = createRegistrars({ request, findInbox, registryPks: async () => registryPks, now });
  const directory = createDirectory({
    request,
    chains: createChainStore(memoryDatabase()),
    raise: (alarm) => void alarms.push(alarm),
    registrars,
  });
  return { directory, alarms, asked };
}

test('an account that was reset is known by its registrars, who are asked for only then', async () => {
  const world = new World();
  const registrars = new Registrars(world);
  const [reset, ordinary] = [world.person(), world.person()];
  const { directory, alarms, asked } = openDirectory(world, () => registrars.inbox);
  await directory.load([idOf(ordinary.id)]);
  expect(asked).toEqual([]);
  registrars.reset(reset);
  await directory.load([idOf(reset.id)]);
  expect(directory.find(idOf(reset.id))?.chain).toEqual(reset.state);
  expect(alarms).toEqual([]);
});

test('registrars who have come since they were last asked for are found', async () => {
  const world = new World();
  const registrars = new Registrars(world);
  const [early, late] = [world.person(), world.person()];
  const { directory, alarms } = openDirectory(world, () => registrars.inbox);
  registrars.reset(early);
  await directory.load([idOf(early.id)]);

  const third = world.person();
  registrars.inbox.add(registrars.first, third, 'member');
  registrars.reset(late, [registrars.first, third]);
  await directory.load([idOf(late.id)]);
  expect(directory.find(idOf(late.id))?.chain.resets[0]?.registrarIds).toEqual([registrars.first.id, third.id]);
  expect(alarms).toEqual([]);
});

test('attack 36: a reset that is not due, that nobody attested, or whose registrars the registry does not know is an alarm', async () => {
  const world = new World();
  const registrars = new Registrars(world);
  const [person, stranger] = [world.person(), world.person()];
  const invalid = [{ kind: 'chain-invalid', chain: 'account', id: idOf(person.id) }];
  registrars.reset(person);
  const tooEarly = openDirectory(
    world,
    () => registrars.inbox,
    () => notBefore - 60 * 60_000,
  );
  const noRegistrars = openDirectory(world, () => null);
  const ownOffice = openDirectory(world, () => world.inbox(stranger));
  for (const { directory, alarms } of [tooEarly, noRegistrars, ownOffice]) {
    await directory.load([idOf(person.id)]);
    expect(directory.find(idOf(person.id))).toBeNull();
    expect(alarms).toEqual(invalid);
  }
});
