import { expect, test } from 'vitest';
import { readSignal } from '../../../client/crypto/call-signals.ts';
import { idOf, newId } from '../../../server/protocol/ids.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { AgreeingCall, caller, type Page } from '../../support/agreeing-call.ts';

await cryptoReady;

function expectAgreed(call: AgreeingCall): void {
  const [first] = call.pages;
  for (const page of call.pages) {
    const { state, peerId } = page;
    expect(state).toMatchObject({ phase: 'agreed', waitingFor: [], isExcluded: false, alarms: [] });
    expect(state.agreed.map((member) => member.peerId).sort()).toEqual(
      call.pages
        .map((other) => other.peerId)
        .filter((other) => other !== peerId)
        .sort(),
    );
    expect(state.agreed.every(({ isKeyed }) => isKeyed)).toBe(true);
    expect(state.check).toEqual(first?.state.check);
  }
}

function allOpened(seen: Record<string, string>): void {
  expect(Object.entries(seen).filter(([, what]) => what !== 'opened')).toEqual([]);
}

test('two pages agree, see the same number, and open what the other sends; nothing before', async () => {
  const call = new AgreeingCall();
  const citizen = await call.join(caller('citizen', 'citizen'));
  await call.settle();
  expect(citizen.state).toMatchObject({ phase: 'agreed', agreed: [], check: null });
  await expect(citizen.film()).rejects.toMatchObject({ code: 'bad_key' });
  await call.join(caller('official'));
  await call.settle();
  expectAgreed(call);
  expect(citizen.state.check?.digits.join('')).toMatch(/^\d{9}$/);
  expect(citizen.state.check?.symbols).toHaveLength(5);
  allOpened(await call.seen());
});

test('a relative, an interpreter and a colleague come; each guest knows the others by the word of who invited him', async () => {
  const call = new AgreeingCall();
  const [citizen, official] = [caller('citizen', 'citizen'), caller('official')];
  const pages: Page[] = [];
  for (const who of [
    citizen,
    official,
    caller('relative', 'relative', citizen),
    caller('interpreter', 'interpreter', official),
    caller('colleague', 'colleague'),
  ]) {
    pages.push(await call.join(who));
    await call.settle();
    if (call.pages.length > 1) {
      expectAgreed(call);
      allOpened(await call.seen());
    }
  }
});

test('two who come at the same time, and one who reloads while they do, agree in one go', async () => {
  const call = new AgreeingCall();
  const people = [caller('citizen', 'citizen'), caller('official'), caller('colleague', 'colleague')];
  for (const who of people) await call.join(who);
  const [first] = people;
  if (first) await call.join(first);
  await call.settle();
  expectAgreed(call);
  allOpened(await call.seen());
});

test('nobody reveals before all have committed, and who revealed too early is asked again', async () => {
  const call = new AgreeingCall();
  const kinds: string[] = [];
  call.relay = (delivery) => {
    kinds.push(readSignal(delivery.signal).signal.type);
    return [delivery];
  };
  // The newest first: reveals overtake the commitments they rest on.
  call.take = (line) => line.pop();
  for (const who of [caller('citizen', 'citizen'), caller('official'), caller('colleague', 'colleague')]) await call.join(who);
  await call.settle();
  await call.pass(2_000);
  expectAgreed(call);
  expect(kinds.lastIndexOf('commit')).toBeGreaterThan(kinds.indexOf('reveal'));
  expect(call.pages.flatMap(({ refusals }) => refusals)).not.toContain('bad_id');
});

test('a member who never reveals gets no key: those who have agreed go on, and a third does not wait for him for ever', async () => {
  const call = new AgreeingCall();
  const citizen = await call.join(caller('citizen', 'citizen'));
  const official = await call.join(caller('official'));
  await call.settle();
  call.relay = (delivery) =>
    delivery.from.caller.name === 'stubborn' && readSignal(delivery.signal).signal.type !== 'commit' ? [] : [delivery];
  const stubborn = await call.join(caller('stubborn', 'colleague'));
  await call.pass(7_000);
  for (const page of [citizen, official]) {
    expect(page.state).toMatchObject({ phase: 'agreeing', check: null, waitingFor: [stubborn.peerId], alarms: [] });
    expect(page.state.agreed).toHaveLength(1);
  }
  expect(await official.sees(citizen, await citizen.film())).toBe('opened');
  expect(await stubborn.sees(citizen, await citizen.film())).toBe('no key');
  await call.pass(1_500);
  expect([citizen.state.phase, official.state.phase, stubborn.state.isExcluded]).toEqual(['agreed', 'agreed', true]);
  const colleague = await call.join(caller('colleague', 'colleague'));
  await call.pass(10_000);
  for (const page of [citizen, official, colleague]) {
    expect(page.state).toMatchObject({ phase: 'agreed', check: citizen.state.check });
    expect(page.state.agreed.map(({ peerId }) => peerId)).not.toContain(stubborn.peerId);
  }
  expect(stubborn.state.isExcluded).toBe(true);
  const seen = Object.entries(await call.seen()).filter(([way]) => !way.includes('stubborn'));
  expect(new Set(seen.map(([, what]) => what))).toEqual(new Set(['opened']));
});

test('a key that is not acknowledged is used after two seconds, and one that is, at once; ten minutes later there is another', async () => {
  const call = new AgreeingCall();
  const citizen = await call.join(caller('citizen', 'citizen'));
  call.relay = (delivery) => (readSignal(delivery.signal).signal.type === 'ack' ? [] : [delivery]);
  await call.join(caller('official'));
  await call.settle();
  const before = citizen.changes.filter((change) => change === 'send').length;
  await call.pass(1_750);
  expect(citizen.changes.filter((change) => change === 'send')).toHaveLength(before);
  await call.pass(250);
  expect(citizen.changes.filter((change) => change === 'send')).toHaveLength(before + 1);
  allOpened(await call.seen());
  call.relay = (delivery) => [delivery];
  await call.pass(1_000);
  const official = call.pages[1];
  const old = await citizen.film();
  call.nowMs += 10 * 60_000;
  await call.settle();
  expect(citizen.changes.filter((change) => change === 'send')).toHaveLength(before + 2);
  expect(official?.known.get(citizen.peerId)?.generation).toBe(1);
  // What was under way is opened for five seconds more.
  expect(await official?.sees(citizen, old)).toBe('opened');
  const late = await citizen.film();
  await call.pass(5_250);
  expect(official?.changes).toContain('drop');
  expect(await official?.sees(citizen, late)).toBe('opened');
  allOpened(await call.seen());
});

test('somebody unknown stays told while others come and go and nobody has said again who he is, until he proves himself', async () => {
  const call = new AgreeingCall();
  const [citizen, stranger] = [await call.join(caller('citizen', 'citizen')), caller('stranger')];
  const knows = call.recognise;
  call.recognise = async (member) => (member.accountId === stranger.accountId ? null : await knows(member));
  const { peerId } = await call.join(stranger);
  await call.settle();
  expect(citizen.state.alarms).toEqual([{ kind: 'unknown-member', peerId }]);

  call.recognise = async () => await Promise.reject(new Error('no answer'));
  await call.join(caller('official'));
  await call.settle();
  expect(citizen.state.alarms).toEqual([{ kind: 'unknown-member', peerId }]);
  const again = await call.join(stranger);
  await call.settle();
  expect(citizen.state.alarms).toEqual([{ kind: 'unknown-member', peerId: again.peerId }]);
  expect(citizen.state.agreed).toEqual([]);
  await call.leave(stranger);
  await call.settle();
  expect(citizen.state.alarms).toEqual([]);
  const third = await call.join(stranger);
  await call.settle();
  expect(citizen.state.alarms).toEqual([{ kind: 'unknown-member', peerId: third.peerId }]);

  call.recognise = knows;
  await call.pass(2_000);
  expectAgreed(call);
});

test('a guest trusts nobody whom nobody has vouched for; when the inviter goes, an official he knows stands in', async () => {
  const call = new AgreeingCall();
  const [citizen, official] = [caller('citizen', 'citizen'), caller('official')];
  const guest = await call.join(caller('relative', 'relative', citizen));
  await call.join(official);
  await call.pass(3_000);
  expect(guest.state).toMatchObject({ phase: 'agreeing', agreed: [] });
  await call.join(citizen);
  await call.settle();
  expectAgreed(call);
  await call.leave(citizen);
  await call.settle();
  expectAgreed(call);
  await call.join(caller('colleague', 'colleague'));
  await call.settle();
  expectAgreed(call);
  allOpened(await call.seen());
});

test('whoever stands in between, known to both by another key, gives each of them another number', async () => {
  const call = new AgreeingCall();
  const [citizen, official] = [caller('citizen', 'citizen'), caller('official')];
  const [asCitizen, asOfficial] = [caller('citizen', 'citizen'), caller('official')];
  const [left, right] = [new AgreeingCall(), call];
  const [one, other] = [await left.join(citizen), await right.join(official)];
  await left.join({ ...asOfficial, accountId: official.accountId });
  await right.join({ ...asCitizen, accountId: citizen.accountId });
  await left.settle();
  await right.settle();
  for (const { state } of [one, other]) expect(state.check?.digits.join(' ')).toMatch(/^\d{3} \d{3} \d{3}$/);
  expect(one.state.check).not.toEqual(other.state.check);
});

test('at the end all keys are gone, and nothing that still arrives brings one back', async () => {
  const call = new AgreeingCall();
  const citizen = await call.join(caller('citizen', 'citizen'));
  const official = await call.join(caller('official'));
  await call.settle();
  const frame = await official.film();
  citizen.agreement.close();
  citizen.agreement.close();
  expect(citizen.changes.filter((change) => change === 'stop')).toHaveLength(1);
  expect(citizen.state).toMatchObject({ phase: 'closed', agreed: [], check: null });
  await expect(citizen.film()).rejects.toMatchObject({ code: 'bad_key' });
  expect(await citizen.sees(official, frame)).toBe('no key');
  const { changes } = citizen;
  const known = changes.length;
  await call.announce();
  await call.pass(3_000);
  expect(changes).toHaveLength(known);
});

test('a list of members that cannot be one is refused, and an older one is late', async () => {
  const call = new AgreeingCall();
  const citizen = await call.join(caller('citizen', 'citizen'));
  await call.join(caller('official'));
  await call.settle();
  const members = call.pages.map(({ member }) => member);
  const again = { ...members[1]!, peerId: newId<'peer'>() };
  for (const [list, code] of [
    [members.slice(1), 'not_allowed'],
    [[...members, ...members], 'malformed'],
    [[...members, { ...again, peerId: idOf<'peer'>(new Uint8Array(15)) }], 'malformed'],
    [Array.from({ length: 7 }, () => ({ ...members[0]!, peerId: newId<'peer'>() })), 'malformed'],
  ] as const)
    await expect(citizen.agreement.setMembers({ round: 99, members: list })).rejects.toMatchObject({ code });
  await citizen.agreement.setMembers({ round: 1, members: [...members, again] });
  await citizen.agreement.setMembers({ round: call.round, members });
  expectAgreed(call);
});
