import { describe, expect, test } from 'vitest';
import { readerOfUser } from '../../../server/protocol/epoch-rules.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Conversation, World } from '../../support/gim-world.ts';

function opened() {
  const world = new World();
  const [citizen, owner, official, second] = [world.person(), world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, official);
  inbox.add(owner, second);
  return { citizen, owner, official, second, inbox, conversation: new Conversation(citizen, inbox) };
}

function restricted() {
  const scene = opened();
  const { citizen, official, second, conversation } = scene;
  const named = () => [official, second].map(({ state }) => readerOfUser(state, 'member'));
  const sealed = conversation.draftEpoch(official, 'restrict', [readerOfUser(citizen.state), ...named()]);
  conversation.epochs.push({ state: conversation.verify(sealed.link), keys: sealed.keys, sealed });
  return { ...scene, named };
}

describe('a restricted case', () => {
  test('is not widened by the citizen, to the inbox or to all its members; a named official may', () => {
    const { citizen, owner, official, second, inbox, conversation } = restricted();
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'newer_key').link), 'not_allowed');
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'limit').link, 'past'), 'not_allowed');
    const everyone = [readerOfUser(citizen.state), ...[owner, official, second].map(({ state }) => readerOfUser(state, 'member'))];
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'stale_inbox', everyone).link), 'not_allowed');
    expect(conversation.verify(conversation.draftEpoch(official, 'newer_key').link).readers[1]).toMatchObject({
      kind: 'inbox',
      id: inbox.id,
    });
  });

  test('stays restricted when keys are renewed, whoever does it, and nobody named is left out', () => {
    const { citizen, official, second, named, conversation } = restricted();
    second.rotate();
    const all = [readerOfUser(citizen.state), ...named()];
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'newer_key', all.slice(0, 2)).link), 'invalid_link');
    for (const by of [citizen, official])
      expect(conversation.verify(conversation.draftEpoch(by, 'newer_key', all).link).readers).toHaveLength(3);
  });

  test('goes back to the inbox by the citizen only when none of those named is there any more', () => {
    const { citizen, owner, official, second, named, inbox, conversation } = restricted();
    inbox.remove(owner, second);
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'newer_key').link), 'not_allowed');
    const [first] = named();
    expect(
      conversation.verify(conversation.draftEpoch(citizen, 'newer_key', [readerOfUser(citizen.state), first!]).link).readers,
    ).toHaveLength(2);
    inbox.remove(owner, official);
    const { link } = conversation.draftEpoch(citizen, 'newer_key');
    for (const moment of ['now', 'past'] as const) expect(conversation.verify(link, moment).readers[1]!.kind).toBe('inbox');
  });

  test('is not made by renewing the key of one that is not', () => {
    const { citizen, official, conversation } = opened();
    const named = [readerOfUser(citizen.state), readerOfUser(official.state, 'member')];
    for (const reason of ['newer_key', 'limit'] as const)
      expectRefusal(() => conversation.verify(conversation.draftEpoch(official, reason, named).link), 'invalid_link');
  });
});
