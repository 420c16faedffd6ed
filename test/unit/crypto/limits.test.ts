import { describe, expect, test } from 'vitest';
import { createDirectory } from '../../../client/account/directory.ts';
import { createEpoch } from '../../../client/crypto/epoch-keys.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { rotateUserKey } from '../../../client/crypto/user-keys.ts';
import type { RequestFunction } from '../../../client/net/request.ts';
import type { Alarm } from '../../../client/storage/alarm.ts';
import { createChainStore } from '../../../client/storage/chain-store.ts';
import { memoryDatabase } from '../../../client/storage/memory-database.ts';
import { toBase64Url } from '../../../server/protocol/base64url.ts';
import { decodeSignedEpoch, encodeEpochLink, encodeSignedEpoch, type EpochLink } from '../../../server/protocol/epoch.ts';
import { readerOfInbox, readerOfUser } from '../../../server/protocol/epoch-rules.ts';
import { replayInboxChain } from '../../../server/protocol/inbox-chain.ts';
import { idOf } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { extendUserChain, replayUserChain } from '../../../server/protocol/user-chain.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { World } from '../../support/gim-world.ts';

await cryptoReady;

function many([link = new Uint8Array()]: readonly Uint8Array[], count: number): Uint8Array[] {
  return Array.from({ length: count }, () => link);
}

describe('attack 50: what is too much is refused by its size alone', () => {
  test('a chain of a hundred thousand links, before the second one is looked at', () => {
    const world = new World();
    const person = world.person();
    const inbox = world.inbox(person);
    expectRefusal(() => replayUserChain(many(person.shelf.links, 100_000)), 'malformed');
    expectRefusal(() => replayInboxChain(many(inbox.shelf.links, 100_000), world.at('past')), 'malformed');
    // As many as are allowed are looked at: the second is no root.
    expectRefusal(() => replayUserChain(many(person.shelf.links, limits.linksPerUserChain)), 'broken_chain');
    expectRefusal(() => replayInboxChain(many(inbox.shelf.links, limits.linksPerInboxChain), world.at('past')), 'broken_chain');
  });

  test('one link more than a chain may have', () => {
    const person = new World().person();
    const full = { ...person.state, seqno: limits.linksPerUserChain };
    const { link } = rotateUserKey({ state: full, signer: person.signer, keys: person.keys() });
    expectRefusal(() => extendUserChain(full, link), 'malformed');
    const last = { ...full, seqno: full.seqno - 1 };
    const allowed = rotateUserKey({ state: last, signer: person.signer, keys: person.keys() });
    expect(extendUserChain(last, allowed.link).seqno).toBe(limits.linksPerUserChain);
  });

  test('an epoch with ten thousand readers, or one more than there may be; as many as there may be are read', () => {
    const world = new World();
    const [citizen, owner] = [world.person(), world.person()];
    const readers = [readerOfUser(citizen.state), readerOfInbox(world.inbox(owner).state)];
    const { link } = createEpoch({ conversationId: randomBytes(16), previous: null, readers, reason: 'opened', signer: citizen.signer });
    const { link: honest, signature } = decodeSignedEpoch(link);
    const [, office] = honest.readers;
    if (!office) throw new Error('there are two readers');
    const withReaders = (count: number): Uint8Array => {
      const changed: EpochLink = {
        ...honest,
        readers: Array.from({ length: count }, () => ({ ...office, id: randomBytes(32) })),
        boxHashes: Array.from({ length: count }, () => randomBytes(32)),
      };
      return encodeSignedEpoch(encodeEpochLink(changed), signature);
    };
    expect(decodeSignedEpoch(withReaders(limits.readersPerEpoch)).link.readers).toHaveLength(limits.readersPerEpoch);
    expectRefusal(() => decodeSignedEpoch(withReaders(limits.readersPerEpoch + 1)), 'malformed');
    expectRefusal(() => withReaders(10_000), 'malformed');
    expectRefusal(() => decodeSignedEpoch(new Uint8Array(2 ** 21)), 'malformed');
  });

  test('accounts that were not asked for, and chains that are too long, are an alarm at most', async () => {
    const world = new World();
    const [wanted, other] = [world.person(), world.person()];
    const alarms: Alarm[] = [];
    let length = 1;
    const view = (person: typeof wanted) => {
      const [root] = person.shelf.links.map(toBase64Url);
      return { accountId: idOf<'account'>(person.id), displayName: null, links: Array.from({ length }, () => root) };
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const request = (async () => ({ accounts: [view(other), view(wanted)] })) as unknown as RequestFunction;
    const directory = createDirectory({ request, chains: createChainStore(memoryDatabase()), raise: (alarm) => void alarms.push(alarm) });
    await directory.load([idOf(wanted.id)]);
    expect(directory.find(idOf(wanted.id))).not.toBeNull();
    expect(directory.find(idOf(other.id))).toBeNull();
    expect(alarms).toEqual([]);
    length = 100_000;
    await directory.load([idOf(wanted.id)], { maxAgeMs: -1 });
    expect(alarms).toEqual([{ kind: 'chain-invalid', chain: 'account', id: idOf(wanted.id) }]);
    expect(directory.find(idOf(wanted.id))?.chain.seqno).toBe(1);
  });
});
