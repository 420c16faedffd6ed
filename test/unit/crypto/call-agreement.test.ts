import { expect, test } from 'vitest';
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
