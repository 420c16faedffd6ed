import { sql } from 'kysely';
import { afterAll, beforeAll, expect } from 'vitest';
import { createInbox, draftInbox } from '../../client/crypto/inbox-keys.ts';
import { registryKeysFromSeed, signRegistryStatement } from '../../client/crypto/registry.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { inboxIdOf, replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import { decodeLink } from '../../server/protocol/link.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import { registry } from '../support/gim-world.ts';
import { alarmed, attack, says } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { Scene, sound } from './scene.ts';
import type { Victim } from './victim.ts';

let evil: EvilServer;

beforeAll(async () => {
  evil = await EvilServer.start();
});
afterAll(async () => {
  await evil.close();
});

/** Somebody who has an account and no conversation yet. */
async function newcomer(scene: Scene, name: string): Promise<Victim> {
  const victim = scene.stranger(name);
  await (await victim.load()).registerCitizen();
  return victim;
}

/** Nothing was begun on the server. */
async function conversationCount(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::integer as count from conversations`.execute(evil.server.database);
  return rows[0]?.count ?? 0;
}

attack(10, 'another root under an id that is known is refused: of an office, and of a person', async ({ refused, reads }) => {
  const [scene, elsewhere] = [await Scene.open(evil), await Scene.open(evil)];
  const { office } = scene;
  const { serviceId, inboxId } = office;
  const ownerId = office.owner.accountId;
  const otherOwner = elsewhere.office.owner;
  const before = await conversationCount();

  const first = await newcomer(scene, 'first');
  evil.lies.answer('inbox:load', (answer, request) => {
    const links = elsewhere.office.inbox.shelf.links.map(toBase64Url).slice(request.afterSeqno);
    return request.inboxId === inboxId ? { links, head: elsewhere.office.inbox.shelf.links.length } : answer;
  });
  await refused('bad_id', async () => await first.messenger.startConversation({ serviceId, inboxId }));
  expect(first.alarms).toEqual(['chain-invalid']);
  expect(await first.database.get('heads', inboxId)).toBeUndefined();

  const second = await newcomer(scene, 'second');
  evil.lies.recant();
  evil.lies.answer('account:load', ({ accounts }) => ({
    accounts: accounts.map((account) =>
      account.accountId === ownerId ? { ...account, links: otherOwner.gim.shelf.links.map(toBase64Url) } : account,
    ),
  }));
  await refused('unknown_chain', async () => await second.messenger.startConversation({ serviceId, inboxId }));
  expect(second.alarms).toContain('chain-invalid');
  expect(await second.database.get('heads', ownerId)).toBeUndefined();
  await refused('bad_id', () => replayUserChain(otherOwner.gim.shelf.links, fromBase64Url(ownerId)));

  expect(await conversationCount()).toBe(before);
  await reads(alarmed('chain-invalid'));
  await reads(says('conversations.startUntrusted'));
  evil.lies.recant();
  await first.messenger.startConversation({ serviceId, inboxId });
  await second.messenger.startConversation({ serviceId, inboxId });
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
  elsewhere.close();
});

attack(
  11,
  'an office of the same name that the registry has not signed for, or one key of it only, gets no word',
  async ({ refused, reads }) => {
    const scene = await Scene.open(evil);
    const { office, citizen } = scene;
    const { serviceId, world, owner } = office;
    const policy = { addsRequire: 1, requirePrf: false } as const;
    const own = [4, 5].map((number) => registryKeysFromSeed(new Uint8Array(32).fill(number)));
    const before = await conversationCount();

    for (const signers of [[], registry.slice(0, 1), own, [...registry.slice(0, 1), ...own.slice(0, 1)]]) {
      const draft = draftInbox(office.inbox.state.name, policy, [owner.gim.state]);
      const fake = createInbox(draft, signRegistryStatement(draft.statement, signers), owner.gim.signer).link;
      const inboxId = idOf<'inbox'>(inboxIdOf(decodeLink(fake).outerBytes));
      evil.lies.page('GET /api/offices', (offices) => offices.map((one) => (one.officeId === office.officeId ? { ...one, inboxId } : one)));
      // The browser has seen the registry's keys; that the server has others now does not help it.
      evil.lies.page('GET /api/registry', (pinned) => ({ ...pinned, keys: own.map(({ registryPk }) => toBase64Url(registryPk)) }));
      evil.lies.invent('inbox:load', (request) =>
        request.inboxId === inboxId
          ? { ok: true, value: { links: request.afterSeqno === 0 ? [toBase64Url(fake)] : [], head: 1 } }
          : undefined,
      );
      await citizen.reload();
      const [shown] = (await citizen.core.loadOffices()).filter((one) => one.officeId === office.officeId);
      await refused(
        'bad_signature',
        async () => await citizen.messenger.startConversation({ serviceId, inboxId: shown?.inboxId ?? inboxId }),
      );
      await refused('bad_signature', () => replayInboxChain([fake], world.at('past'), fromBase64Url(inboxId)));
      expect(citizen.alarms).toContain('chain-invalid');
      expect(citizen.alarms).toContain('registry-changed');
      expect(await citizen.database.get('heads', inboxId)).toBeUndefined();
      evil.lies.recant();
    }
    expect(await conversationCount()).toBe(before);
    await reads(alarmed('chain-invalid'));
    await reads(alarmed('registry-changed'));
    await reads(says('conversations.startUntrusted'));
    expect(await scene.goOn()).toEqual(sound);
    scene.close();
  },
);
