import { describe, expect, test } from 'vitest';
import type { SealedLink, StoredBoxes } from '../../../client/crypto/generation-keys.ts';
import { rotateInboxKey } from '../../../client/crypto/inbox-keys.ts';
import { forgottenBefore, isSettled, openRing } from '../../../client/inbox/inbox-ring.ts';
import { cryptoReady, equalBytes } from '../../../server/protocol/sodium.ts';
import { World } from '../../support/gim-world.ts';

await cryptoReady;

/** An inbox of one owner with generations 1, 2, a cut at 3, and 4; with what the server keeps for the owner of each. */
function cutInbox() {
  const world = new World();
  const owner = world.person();
  const inbox = world.inbox(owner);
  const sealed: SealedLink[] = [inbox.newest];
  for (const reason of ['scheduled', 'retention_cut', 'scheduled'] as const) {
    const link = rotateInboxKey({ state: inbox.state, signer: owner.signer, keys: inbox.keys(owner), reason, user: world.user });
    inbox.append(link);
    sealed.push(link);
  }
  const stored = sealed.map(({ boxes, prevBox }, index): StoredBoxes => {
    const slot = inbox.state.generations[index]!.boxes.findIndex(({ recipient }) => equalBytes(recipient, owner.id));
    return { generation: index + 1, box: boxes[slot] ?? null, prevBox };
  });
  const open = (boxes: readonly StoredBoxes[]) => openRing(inbox.state, owner.id, owner.ring(), boxes).map(({ generation }) => generation);
  return { state: inbox.state, stored, open };
}

describe('after a retention cut', () => {
  test('everything opens while live cases are still to be sealed anew', () => {
    const { state, stored, open } = cutInbox();
    expect(open(stored)).toEqual([1, 2, 3, 4]);
    expect([forgottenBefore(state, stored), isSettled(state, stored)]).toEqual([0, false]);
  });

  test('nothing of before opens once the server has forgotten it', () => {
    const { state, stored, open } = cutInbox();
    const left = stored.filter(({ generation }) => generation >= 3);
    expect(open(left)).toEqual([3, 4]);
    expect([forgottenBefore(state, left), isSettled(state, left)]).toEqual([3, true]);
  });

  test('boxes that are left out without a cut count as withheld, not as forgotten', () => {
    const { state, stored } = cutInbox();
    expect(forgottenBefore(state, stored.slice(1))).toBe(0);
    expect(forgottenBefore(state, stored.slice(3))).toBe(0);
    expect(forgottenBefore(state, [])).toBe(0);
  });

  test('a box of before that is not the right one does not keep the newer keys from opening', () => {
    const { stored, open } = cutInbox();
    expect(open(stored.map((boxes) => (boxes.generation === 2 ? { ...boxes, box: new Uint8Array(1168) } : boxes)))).toEqual([3, 4]);
  });
});
