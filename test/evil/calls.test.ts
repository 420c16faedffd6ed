import { expect } from 'vitest';
import { type CallSignal, readSignal, writeSignal } from '../../client/crypto/call-signals.ts';
import { createDevice } from '../../client/crypto/device.ts';
import { FrameOpener } from '../../client/crypto/frame-opener.ts';
import type { MediaKey } from '../../client/crypto/media-key.ts';
import { randomBytes } from '../../client/crypto/primitives.ts';
import { seal } from '../../client/crypto/seal.ts';
import { t } from '../../client/i18n/translate.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { encode } from '../../server/protocol/codec.ts';
import { lp } from '../../server/protocol/hash.ts';
import { newId } from '../../server/protocol/ids.ts';
import { caller, callerOf, Page } from '../support/agreeing-call.ts';
import { attack, says } from './attack.ts';
import { CallScene } from './call-scene.ts';

/** A ghost joins like anybody else, with a program that trusts everybody. */
async function enter(scene: CallScene, ghost: Page): Promise<void> {
  scene.call.pages.push(ghost);
  await scene.call.announce();
  await scene.call.pass(3_000);
}

const signedBy = (from: Page, signal: CallSignal): Uint8Array => writeSignal(signal, from.caller.signSk);
const kinds = new Map<Uint8Array, CallSignal['type']>();
const kindOf = (signal: Uint8Array): CallSignal['type'] => {
  const kind = kinds.get(signal) ?? readSignal(signal).signal.type;
  kinds.set(signal, kind);
  return kind;
};

attack(39, 'somebody the server puts into the call gets no key and no tile, whoever he says he is', async ({ reads }) => {
  const scene = new CallScene();
  const [citizen, official] = await scene.meet();
  const removed = scene.world.person();
  const strangers = [
    caller('ghost', 'colleague'),
    callerOf(removed, 'ghost', 'colleague'),
    // In the name of the citizen, with a device of the ghost's own, and with the citizen's.
    { ...callerOf(removed, 'ghost', 'citizen'), accountId: scene.as.citizen.accountId },
    { ...caller('ghost', 'colleague'), accountId: scene.as.colleague.accountId, deviceId: scene.as.colleague.deviceId },
  ];
  for (const stranger of strangers) {
    const ghost = new Page(scene.call, stranger);
    await enter(scene, ghost);
    for (const page of [citizen, official]) {
      expect(page.state.agreed.map(({ peerId }) => peerId)).not.toContain(ghost.peerId);
      expect(await ghost.sees(page, await page.film())).toBe('no key');
      expect(page.openers.has(ghost.peerId)).toBe(false);
    }
    const kindsOfAlarm = new Set([citizen, official].flatMap(({ state }) => state.alarms.map(({ kind }) => kind)));
    expect([...kindsOfAlarm]).toEqual([stranger.deviceId === scene.as.colleague.deviceId ? 'forged' : 'unknown-member']);
    scene.call.pages.pop();
    await scene.call.announce();
    await scene.call.settle();
    await scene.expectSound();
    expect(citizen.state.alarms).toEqual([]);
  }
  await reads(says('safety.alarmMember'));
});

attack(39, 'somebody real whom the server names to one side only is told by the other`s list', async ({ refused, reads }) => {
  const scene = new CallScene();
  const [citizen, official] = await scene.meet();
  const hidden = new Page(scene.call, scene.as.colleague);
  scene.call.pages.push(hidden);
  scene.call.round += 1;
  const { round, pages } = scene.call;
  for (const page of pages) {
    const members = pages.filter((other) => page !== citizen || other !== hidden).map(({ member }) => member);
    await page.agreement.setMembers({ round, members });
  }
  await scene.call.pass(2_000);
  expect(citizen.state.alarms).toEqual([{ kind: 'roster', peerId: official.peerId }]);
  expect(await hidden.sees(citizen, await citizen.film())).toBe('no key');
  const second = { round, members: pages.map(({ member }) => member) };
  await refused('broken_chain', async () => await citizen.agreement.setMembers(second));
  await scene.call.announce();
  await scene.call.settle();
  await scene.expectSound();
  await reads(says('safety.alarmWhat'));
});

attack(44, 'who comes late cannot open what was before, who has left cannot open what comes two seconds later', async ({ refused }) => {
  const scene = new CallScene();
  const [citizen] = await scene.meet();
  const before = await citizen.film();
  const colleague = await scene.call.join(scene.as.colleague);
  await scene.call.settle();
  await scene.expectSound();
  expect(await colleague.sees(citizen, before)).toBe('stale_key');
  // Not even when he takes his key for the one before.
  const [given, forger] = [colleague.known.get(citizen.peerId), new FrameOpener(() => 0)];
  if (!given) throw new Error('the colleague has a key');
  forger.add({ ...given, step: 0 });
  await refused('cannot_open', async () => await forger.open('camera', before, 1));
  await scene.call.leave(scene.as.colleague);
  await scene.call.pass(2_000);
  const after = await citizen.film();
  expect(await colleague.sees(citizen, after)).toBe('stale_key');
  await scene.expectSound();
  // Not by the server's withholding that he has gone either: who is nobody any more is out when his removal is known.
  await scene.call.join(scene.as.colleague);
  await scene.call.settle();
  scene.inbox.remove(scene.owner, scene.colleague);
  for (const page of scene.call.pages) page.agreement.verifyAgain();
  await scene.call.pass(2_000);
  const [late] = scene.call.pages.splice(2);
  expect(citizen.state.alarms).toEqual([{ kind: 'unknown-member', peerId: late?.peerId }]);
  expect(await late?.sees(citizen, await citizen.film())).toBe('stale_key');
  await scene.expectSound();
});

attack(45, 'a key that another sends under is refused and told', async ({ refused }) => {
  const scene = new CallScene();
  const { call, as } = scene;
  const kemPks = new Map<Page, Uint8Array>();
  call.relay = (delivery) => {
    const { signal } = readSignal(delivery.signal);
    if (signal.type === 'reveal') kemPks.set(delivery.from, signal.kemPk);
    return [delivery];
  };
  const [citizen, official, colleague] = [await call.join(as.citizen), await call.join(as.official), await call.join(as.colleague)];
  await call.settle();
  await scene.expectSound();
  const [copied, kemPk] = [official.known.get(citizen.peerId), kemPks.get(colleague)];
  const sender = colleague.known.get(official.peerId)?.sender ?? 0;
  if (!copied || !kemPk) throw new Error('keys were given');
  const message = (key: MediaKey, from = official, to = colleague): Uint8Array => {
    const { callId } = call;
    const data = lp('gim1/callkey', ...[callId, from.peerId, to.peerId].map(fromBase64Url), key.generation);
    const box = seal(kemPk, encode([key.sender, key.generation, key.step, key.baseKey]), data);
    return signedBy(official, { type: 'key', callId, from: official.peerId, to: colleague.peerId, generation: key.generation, box });
  };
  const hears = async (signal: Uint8Array) => await colleague.agreement.receive(official.peerId, signal);
  await refused('bad_key', async () => await hears(message({ ...copied, sender, generation: 1 })));
  expect(colleague.state.alarms).toEqual([{ kind: 'shared-key', peerId: official.peerId }]);
  // Another number than his own; a box for somebody else, or from somebody else.
  await refused('bad_key', async () => await hears(message({ sender: sender ^ 1, generation: 1, step: 0, baseKey: randomBytes(64) })));
  const own = { sender, generation: 1, step: 0, baseKey: randomBytes(64) };
  await refused('cannot_open', async () => await hears(message(own, citizen)));
  await refused('cannot_open', async () => await hears(message(own, official, citizen)));
  await hears(message({ ...own, generation: 0 }));
  expect(colleague.changes.filter((change) => change === 'receive')).toHaveLength(2);
  await scene.expectSound();
});

attack(47, 'a word of a revoked device, or of somebody who is not of this office any more, is not taken', async ({ refused }) => {
  const scene = new CallScene();
  const [citizen, official] = await scene.meet();
  const stolen = scene.official.device;
  const tablet = createDevice('browser');
  scene.official.moveTo(tablet);
  scene.official.revoke(stolen.deviceId);
  await scene.call.announce();
  await scene.call.settle();
  expect(citizen.state.alarms).toEqual([{ kind: 'unknown-member', peerId: official.peerId }]);
  expect(citizen.state.agreed).toEqual([]);
  const words = ['commit', 'reveal', 'key', 'ack'] as const;
  for (const type of words)
    await refused('not_allowed', async () => await citizen.agreement.receive(official.peerId, anyWord(type, official, citizen, scene)));
  expect(await official.sees(citizen, await citizen.film())).toBe('stale_key');
  await scene.call.join(callerOf(scene.official, 'official', 'official'));
  await scene.call.settle();
  await scene.expectSound();
  scene.inbox.remove(scene.owner, scene.official);
  await scene.call.announce();
  await scene.call.settle();
  expect(citizen.state.agreed).toEqual([]);
  expect(citizen.state.alarms.map(({ kind }) => kind)).toEqual(['unknown-member']);
});

attack(
  47,
  'a word for another call, under other keys of the conversation, unsigned, or not what was committed to',
  async ({ refused, reads }) => {
    const scene = new CallScene();
    const [citizen, official] = await scene.meet();
    const [sent, answers]: [Uint8Array[], string[]] = [[], []];
    // What the official says arrives as the server likes: nothing of it.
    scene.call.relay = ({ from, to, signal }) => {
      if (from === official) sent.push(signal);
      else answers.push(kindOf(signal));
      return from === official ? [] : [{ from, to, signal }];
    };
    await scene.call.announce();
    await scene.call.settle();
    const commit = sent.find((signal) => kindOf(signal) === 'commit');
    const word = reveal(official, scene);
    const hears = async (signal: Uint8Array) => await citizen.agreement.receive(official.peerId, signal);
    if (!commit) throw new Error('the official has committed');

    // Before his commitment nothing he reveals counts, and nothing is revealed to him.
    await refused('not_allowed', async () => await hears(signedBy(official, word)));
    expect(citizen.state).toMatchObject({ phase: 'agreeing', waitingFor: [official.peerId] });
    expect(answers).toContain('commit');
    expect(answers).not.toContain('reveal');
    await hears(commit);
    expect(answers).toContain('reveal');
    await refused('bad_signature', async () => await hears(signedBy(official, { ...word, callId: newId() })));
    await refused('bad_signature', async () => await hears(signedBy(official, { ...word, from: newId() })));
    await refused('bad_signature', async () => await hears(writeSignal(word, createDevice('browser').signSk)));
    await refused('malformed', async () => await hears(signedBy(official, word).slice(0, -1)));
    await refused('stale_key', async () => await hears(signedBy(official, { ...word, epoch: randomBytes(32) })));
    await refused('stale_key', async () => await hears(signedBy(official, { ...word, epoch: null })));
    await refused('stale_key', async () => await hears(signedBy(official, { ...word, conversationId: newId() })));
    await refused('bad_id', async () => await hears(signedBy(official, word)));
    await refused('bad_id', async () => await hears(signedBy(official, { ...commitOf(commit), commitment: randomBytes(32) })));
    expect(citizen.state).toMatchObject({ phase: 'agreeing', check: null });
    expect(new Set(citizen.state.alarms.map(({ kind }) => kind))).toEqual(new Set(['forged', 'changed-word']));

    // A word for the round before is no error, and counts for nothing.
    await hears(signedBy(official, { ...word, round: word.round - 1 }));
    expect(citizen.state.phase).toBe('agreeing');
    scene.call.relay = (delivery) => [delivery];
    await scene.call.pass(2_000);
    await scene.expectSound();
    await reads(() => t('safety.alarmPerson', { name: 'Nora Weber' }));
  },
);

function commitOf(signal: Uint8Array): CallSignal & { type: 'commit' } {
  const read = readSignal(signal).signal;
  if (read.type !== 'commit') throw new Error('a commitment');
  return read;
}

/** What somebody could say: well formed, and with a key of his own. */
function reveal(from: Page, { call }: CallScene): CallSignal & { type: 'reveal' } {
  return {
    type: 'reveal',
    callId: call.callId,
    from: from.peerId,
    round: call.round,
    conversationId: call.conversationId,
    epoch: call.epochs[0] ?? null,
    kemPk: randomBytes(1216),
    nonce: randomBytes(32),
    members: call.pages.map(({ peerId }) => peerId),
    commits: randomBytes(32),
    checkpoint: null,
  };
}

function anyWord(type: 'commit' | 'reveal' | 'key' | 'ack', from: Page, to: Page, scene: CallScene): Uint8Array {
  const { callId, round } = scene.call;
  const word = { callId, from: from.peerId, round, to: to.peerId, generation: 0 };
  if (type === 'commit') return signedBy(from, { ...word, type, commitment: randomBytes(32), asks: 1 });
  if (type === 'key') return signedBy(from, { ...word, type, box: randomBytes(1200) });
  if (type === 'ack') return signedBy(from, { ...word, type });
  return signedBy(from, reveal(from, scene));
}
