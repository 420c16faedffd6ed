import { array, assert, constantFrom, property } from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decodeMessage, encodeMessage, type ChannelMessage } from '../../../client/calls/text/channel-message.ts';
import { LiveText, type WritingPage } from '../../../client/calls/text/live-text.ts';
import { applyT140, cleanLine, editsBetween, newLine } from '../../../client/calls/text/t140.ts';
import { idOf, newId, type AccountId } from '../../../server/protocol/ids.ts';

const erase = '\u0008';
const anna: AccountId = idOf(new Uint8Array(32).fill(1));
const ben: AccountId = idOf(new Uint8Array(32).fill(2));
const annasPage: WritingPage = { accountId: anna, peerId: newId() };
const bensPage: WritingPage = { accountId: ben, peerId: newId() };
const family = '👨‍👩‍👧';
const accented = 'e\u0301';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** Two people on one channel that can be cut, and what each sees. */
class Pair {
  isUp = true;
  readonly annasFrames: ChannelMessage[] = [];
  readonly anna = new LiveText({ accountId: anna, send: (message) => this.#carry(anna, message) });
  readonly ben = new LiveText({ accountId: ben, send: (message) => this.#carry(ben, message) });

  constructor() {
    this.open();
  }

  open(): void {
    this.isUp = true;
    for (const text of [this.anna, this.ben]) text.setOpen(true);
    this.ben.restore(annasPage, this.anna.snapshot());
    this.anna.restore(bensPage, this.ben.snapshot());
  }

  /** Ben hears this of a page of Anna's. */
  hears(message: ChannelMessage): void {
    if (message.kind === 'snapshot') this.ben.restore(annasPage, message.snapshot);
    if (message.kind === 'text') this.ben.received(annasPage, message.text);
  }

  cut(): void {
    this.isUp = false;
    for (const text of [this.anna, this.ben]) text.setOpen(false);
  }

  seenBy(who: 'anna' | 'ben'): string[] {
    return this[who].lines.value.map(
      ({ accountId, text, isOpen }) => `${accountId === anna ? 'Anna' : 'Ben'}: ${text}${isOpen ? '…' : ''}`,
    );
  }

  #carry(from: AccountId, message: ChannelMessage): void {
    if (from === anna) this.annasFrames.push(message);
    const arrived = decodeMessage(encodeMessage(message));
    if (this.isUp && arrived?.kind === 'text')
      (from === anna ? this.ben : this.anna).received(from === anna ? annasPage : bensPage, arrived.text);
  }
}

test('a page that is loaded anew goes on with what it had written, and everybody sees it once', () => {
  const pair = new Pair();
  pair.anna.setLine('Good morning');
  pair.anna.endLine();
  pair.anna.setLine('I have the fo');
  vi.advanceTimersByTime(1_000);
  const { written } = pair.anna;
  pair.anna.close();

  const reloaded = new LiveText({ accountId: anna, send: (message) => pair.hears(message) });
  reloaded.setOpen(true);
  pair.ben.restore(annasPage, reloaded.snapshot());
  reloaded.resume(written);
  expect(reloaded.lines.value.map(({ text, isOpen }) => [text, isOpen])).toEqual([
    ['Good morning', false],
    ['I have the fo', false],
  ]);
  expect(reloaded.lines.value.map(({ startedAt }) => startedAt)).toEqual(pair.anna.lines.value.map(({ startedAt }) => startedAt));
  reloaded.setLine('rm');
  vi.advanceTimersByTime(1_000);
  expect(pair.seenBy('ben')).toEqual(['Anna: Good morning', 'Anna: I have the fo', 'Anna: rm…']);
  // What is here already is not written over.
  reloaded.resume({ ...written, lines: [] });
  expect(reloaded.lines.value).toHaveLength(3);
});

test('an erase takes away what a person takes for one character, across the end of a line too', () => {
  expect(applyT140('ab', erase)).toBe('a');
  expect(applyT140(`ab${family}`, erase)).toBe('ab');
  expect(applyT140(`ab${accented}`, erase)).toBe('ab');
  expect(applyT140('ab', `${newLine}c${erase}${erase}d`)).toBe('abd');
  expect(applyT140('', `${erase}${erase}a`)).toBe('a');
});

test('line ends of every kind begin a line, and controls and byte order marks are nothing', () => {
  expect(applyT140('', 'a\r\nb\nc\rd\u2029e')).toBe(['a', 'b', 'c', 'd', 'e'].join(newLine));
  expect(applyT140('', '\ufeffa\u0007\u001bb\u009f')).toBe('ab');
  expect(cleanLine(`a${erase}b\nc${newLine}d`)).toBe('ab c d');
});

test('whatever a line was and becomes, what is sent for it makes the one of the other', () => {
  const line = array(constantFrom('a', 'b', ' ', 'é', accented, family, '\u0301', '🇱🇺', 'ｱﾞ', 'क्षि', '\u200d'), { maxLength: 12 }).map(
    (characters) => characters.join(''),
  );
  assert(
    property(line, line, (before, after) => {
      expect(applyT140(before, editsBetween(before, after))).toBe(after);
    }),
  );
});

test('the first character goes out at once and what follows within 100 ms, together', () => {
  const pair = new Pair();
  pair.anna.setLine('H');
  expect(pair.seenBy('ben')).toEqual(['Anna: H…']);
  pair.anna.setLine('He');
  pair.anna.setLine('Hel');
  pair.anna.setLine('He');
  expect(pair.seenBy('ben')).toEqual(['Anna: H…']);
  vi.advanceTimersByTime(100);
  expect(pair.seenBy('ben')).toEqual(['Anna: He…']);
  expect(pair.annasFrames).toHaveLength(2);
});

test('lines stand in the order in which they were begun, and an empty one is none', () => {
  const pair = new Pair();
  pair.anna.endLine();
  pair.anna.setLine('one');
  vi.advanceTimersByTime(1_000);
  pair.ben.setLine('two');
  vi.advanceTimersByTime(1_000);
  pair.anna.setLine('one and a half');
  pair.anna.endLine();
  vi.advanceTimersByTime(1_000);
  pair.anna.setLine('three');
  vi.advanceTimersByTime(1_000);
  expect(pair.seenBy('ben')).toEqual(['Anna: one and a half', 'Ben: two…', 'Anna: three…']);
  expect(pair.seenBy('anna')).toEqual(pair.seenBy('ben'));
});

test('what is written while the channel is down is there when it is up again, once', () => {
  const pair = new Pair();
  pair.anna.setLine('before');
  vi.advanceTimersByTime(1_000);
  pair.cut();
  pair.anna.setLine('before and while');
  pair.anna.endLine();
  pair.anna.setLine('it was down');
  vi.advanceTimersByTime(1_000);
  pair.open();
  vi.advanceTimersByTime(1_000);
  expect(pair.seenBy('ben')).toEqual(['Anna: before and while', 'Anna: it was down…']);
  expect(new Set(pair.ben.lines.value.map(({ id }) => id)).size).toBe(2);
});

test('who comes late reads the last page, and somebody who loads his page anew goes on below his earlier lines', () => {
  const pair = new Pair();
  for (let line = 0; line < 100; line += 1) {
    pair.anna.setLine(`line ${line} ${'x'.repeat(60)}`);
    pair.anna.endLine();
  }
  const late = new LiveText({ accountId: ben, send: () => undefined });
  late.restore(annasPage, pair.anna.snapshot());
  const [first] = late.lines.value;
  expect(late.lines.value.length).toBeGreaterThan(20);
  expect(late.lines.value.length).toBeLessThan(60);
  expect(first?.text).toMatch(/^line [4-7]\d x/);
  const reloaded = new LiveText({ accountId: anna, send: () => undefined });
  reloaded.setLine('back');
  late.restore(annasPage, reloaded.snapshot());
  expect(late.lines.value.at(-1)?.text).toBe('back');
  expect(late.lines.value.length).toBeGreaterThan(20);
});

test('what a page that was loaded anew writes before it has said on which line is not put behind the old one', () => {
  const pair = new Pair();
  pair.anna.setLine('I have the fo');
  vi.advanceTimersByTime(1_000);
  const newPage: WritingPage = { accountId: anna, peerId: newId() };
  const reloaded = new LiveText({
    accountId: anna,
    send: (message) => message.kind === 'text' && pair.ben.received(newPage, message.text),
  });
  reloaded.setOpen(true);
  reloaded.setLine('Hello');
  expect(pair.seenBy('ben')).toEqual(['Anna: I have the fo…']);
  pair.ben.restore(newPage, reloaded.snapshot());
  expect(pair.seenBy('ben')).toEqual(['Anna: I have the fo…', 'Anna: Hello…']);
  reloaded.setLine('Hello!');
  vi.advanceTimersByTime(1_000);
  expect(pair.seenBy('ben')).toEqual(['Anna: I have the fo…', 'Anna: Hello!…']);
});

test('whatever is pasted or kept, no message is longer than the sfu carries', () => {
  const pair = new Pair();
  const sizes: number[] = [];
  const send = (message: ChannelMessage): void => void sizes.push(encodeMessage(message).length);
  const writer = new LiveText({ accountId: anna, send });
  writer.setOpen(true);
  for (const character of ['é', '語', '"', family, '🐶é', '\ud83d']) {
    writer.setLine(character.repeat(5_000));
    vi.advanceTimersByTime(1_000);
    send({ kind: 'snapshot', snapshot: writer.snapshot() });
    pair.ben.restore(annasPage, writer.snapshot());
    expect(pair.ben.lines.value.at(-1)?.text).toBe(writer.lines.value.at(-1)?.text);
    writer.endLine();
  }
  expect(sizes.length).toBeGreaterThan(8);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4_096 - 64);
});

test('nobody can put words into another one’s line: own text comes from oneself only', () => {
  const pair = new Pair();
  pair.anna.setLine('mine');
  pair.anna.restore(annasPage, { lane: 'x', first: 0, lines: [{ text: 'forged', ageMs: 0 }] });
  expect(pair.seenBy('anna')).toEqual(['Anna: mine…']);
});

test('a message of another kind, or that is none, is passed over', () => {
  for (const bytes of [[], [9, 1, 2], [1, 123], [2, 91, 93], [0, 255]]) expect(decodeMessage(Uint8Array.from(bytes))).toBeNull();
  const state: ChannelMessage = { kind: 'state', state: { signing: true, keepsText: false } };
  expect(decodeMessage(encodeMessage(state))).toEqual(state);
});
