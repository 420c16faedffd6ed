import { describe, expect, test } from 'vitest';
import { openGenerations, sealSeed } from '../../../client/crypto/generation-keys.ts';
import { openInboxKeys, rotateInboxKey } from '../../../client/crypto/inbox-keys.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { boxHash } from '../../../server/protocol/link.ts';
import { currentGeneration } from '../../../server/protocol/user-state.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { type Inbox, type Person, World } from '../../support/gim-world.ts';

function office() {
  const world = new World();
  const [owner, member] = [world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, member);
  return { world, owner, member, inbox };
}

/** Opens as if the chain named this box as the member's newest one. */
function openNamed(inbox: Inbox, member: Person, box: Uint8Array) {
  const current = currentGeneration(inbox.state);
  const boxes = current.boxes.map((slot) => ({ ...slot, boxHash: boxHash(box) }));
  const chain = { kind: 'ptk' as const, id: inbox.id, generations: [...inbox.state.generations.slice(0, -1), { ...current, boxes }] };
  const keysOf = (generation: number | null) => member.ring().find((keys) => keys.generation === generation);
  return openGenerations(chain, member.id, keysOf, [{ generation: current.generation, box, prevBox: null }]);
}

describe('attacks 16, 17, 18: boxes of an inbox', () => {
  test('a member who was given another seed than the others raises bad_key', () => {
    const { owner, member, inbox } = office();
    const liar = { ...inbox.keys(owner), seed: randomBytes(32) };
    const { generation, kemPk } = currentGeneration(member.state);
    const recipient = { recipient: member.id, recipientGeneration: generation, kemPk };
    expectRefusal(() => openNamed(inbox, member, sealSeed('ptk', inbox.id, liar, recipient)), 'bad_key');
    expect(openNamed(inbox, member, sealSeed('ptk', inbox.id, inbox.keys(owner), recipient))).toHaveLength(1);
  });

  test('a box of another member, generation or inbox does not open, even when the chain named it', () => {
    const { world, owner, member, inbox } = office();
    inbox.rotate(owner);
    const other = world.inbox(owner);
    other.add(owner, member);
    const [first, second] = inbox.shelf.boxesOf(member.id);
    expect(openNamed(inbox, member, second!.box!)).toHaveLength(1);
    for (const box of [first!.box!, inbox.shelf.boxesOf(owner.id)[1]!.box!, other.shelf.boxesOf(member.id)[0]!.box!])
      expectRefusal(() => openNamed(inbox, member, box), 'cannot_open');
  });

  test('a box the chain does not name is not even tried', () => {
    const { owner, member, inbox } = office();
    const { generation, kemPk } = currentGeneration(member.state);
    const again = sealSeed('ptk', inbox.id, inbox.keys(owner), { recipient: member.id, recipientGeneration: generation, kemPk });
    const open = (box: Uint8Array) => openInboxKeys(inbox.state, member.id, member.ring(), [{ generation: 1, box, prevBox: null }]);
    expect(open(inbox.shelf.boxesOf(member.id)[0]!.box!)).toHaveLength(1);
    expectRefusal(() => open(again), 'cannot_open');
  });

  test('a previous seed that is not the committed one raises bad_key', () => {
    const { world, owner, inbox } = office();
    const liar = { ...inbox.keys(owner), seed: randomBytes(32) };
    const rotated = rotateInboxKey({ state: inbox.state, signer: owner.signer, keys: liar, reason: 'scheduled', user: world.user });
    inbox.append(rotated);
    expectRefusal(() => inbox.ring(owner), 'bad_key');
  });
});

test('who joins later reads all there was, but nothing from before a retention cut', () => {
  const { world, owner, member, inbox } = office();
  inbox.rotate(owner);
  const cut = rotateInboxKey({
    state: inbox.state,
    signer: owner.signer,
    keys: inbox.keys(owner),
    reason: 'retention_cut',
    user: world.user,
  });
  expect(cut.prevBox).toBeNull();
  inbox.append(cut);
  inbox.rotate(member);
  const late = world.person();
  inbox.add(owner, late);
  const generations = (person: Person) => inbox.ring(person).map(({ generation }) => generation);
  expect(generations(late)).toEqual([3, 4]);
  expect(generations(owner)).toEqual([3, 4]);
});
