import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Announcer, type AnnouncerRegions } from '../../../client/ui/announcer.ts';

/** Regions that remember what they were given. */
function regions(said: string[]): AnnouncerRegions {
  const region = (name: string) => ({
    set textContent(text: string | null) {
      if (text !== null && text !== '') said.push(`${name}: ${text}`);
    },
  });
  return { polite: region('polite'), assertive: region('assertive') };
}

let said: string[];
let announcer: Announcer;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  announcer = new Announcer(regions(said));
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the announcer', () => {
  it('says one thing every half second, and urgent things before the rest', () => {
    announcer.announce('one');
    announcer.announce('two');
    announcer.announce('your turn', { urgent: true });
    expect(said).toEqual(['polite: one']);
    vi.advanceTimersByTime(500);
    expect(said).toEqual(['polite: one', 'assertive: your turn']);
    vi.advanceTimersByTime(500);
    expect(said).toEqual(['polite: one', 'assertive: your turn', 'polite: two']);
  });

  it('does not say twice what waits already or was said a moment ago, but says it again later', () => {
    announcer.announce('sent');
    announcer.announce('sent');
    announcer.announce('next');
    announcer.announce('next');
    vi.advanceTimersByTime(5_000);
    expect(said).toEqual(['polite: sent', 'polite: next']);
    announcer.announce('sent');
    expect(said).toEqual(['polite: sent', 'polite: next', 'polite: sent']);
  });

  it('joins waiting announcements of one kind into one', () => {
    const merge = { kind: 'message', combine: (count: number) => `${count} new messages` };
    announcer.announce('hello');
    for (const text of ['a', 'b', 'b', 'c']) announcer.announce(text, { merge });
    vi.advanceTimersByTime(5_000);
    expect(said).toEqual(['polite: hello', 'polite: 4 new messages']);
  });

  it('speaks inside a dialog while it is open, and in the page again afterwards', () => {
    const inDialog: string[] = [];
    const leave = announcer.enter(regions(inDialog));
    announcer.announce('in the dialog');
    leave();
    vi.advanceTimersByTime(5_000);
    announcer.announce('in the page');
    expect({ said, inDialog }).toEqual({ said: ['polite: in the page'], inDialog: ['polite: in the dialog'] });
  });
});
