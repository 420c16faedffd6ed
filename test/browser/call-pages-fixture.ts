// Runs in the page: what stands before, around and after a call, one at a time (?show=…), for call-pages.test.ts.
import { html, render } from 'lit';
import '../../client/calls/after/call-after.ts';
import '../../client/calls/call-console.ts';
import '../../client/calls/after/call-outcome.ts';
import { alarmNotice, deviceNotices } from '../../client/calls/call-notices.ts';
import '../../client/calls/calls.css';
import { ColleagueDialog } from '../../client/calls/people/colleague-dialog.ts';
import { compareDialog } from '../../client/calls/people/compare-dialog.ts';
import { guestWelcome } from '../../client/calls/people/guest-welcome.ts';
import { InviteDialog } from '../../client/calls/people/invite-dialog.ts';
import { joinForm } from '../../client/calls/join-form.ts';
import { loadAreas, setLocale, t } from '../../client/i18n/translate.ts';
import { Subject } from '../../client/net/observable.ts';
import { locales } from '../../server/protocol/locale.ts';
import { newId } from '../../server/protocol/ids.ts';

declare global {
  /** What the pages asked for, in order. */
  var done: unknown[];
}

const query = new URLSearchParams(location.search);
await setLocale(locales.find((locale) => locale === query.get('locale')) ?? 'en');
await loadAreas(['calls', 'console', 'guests', 'needs', 'safety']);
document.documentElement.dataset['density'] = query.get('density') ?? 'citizen';
globalThis.done = [];
const done = (what: unknown): void => void globalThis.done.push(what);

const link = { inviteId: newId<'call invite'>(), secret: new Uint8Array(32), inviterKeyHash: new Uint8Array(32) };
const address = { link, inviter: 'Claire Weber', guest: 'Ana Ferreira', role: 'interpreter', byCitizen: false } as const;
const made = { fragment: `${'a'.repeat(110)}~${'b'.repeat(60)}`, expiresAt: Date.now() + 3_600_000 };
const result = new Subject({
  agreed: query.has('agreed') ? 'Please send us the form by Friday.' : null,
  files: query.has('agreed') ? ['form.pdf'] : [],
});
const off = { state: 'off' } as const;
const facts = {
  answeredAt: Date.now() - 240_000,
  language: 'pt',
  needs: ['sign-language'],
  nextAppointmentAt: Date.now() + 1_500_000,
} as const;

async function open(dialog: ColleagueDialog | InviteDialog): Promise<void> {
  document.body.append(dialog);
  done(await dialog.open());
}

const shows: Readonly<Record<string, () => unknown>> = {
  join: () =>
    html`<div class="frame call-words-page">${joinForm({ name: 'Claire Weber, Citizens’ office', checkPath: '/device-check', onJoin: done })}</div>`,
  guest: () =>
    html`<div class="frame call-words-page">${guestWelcome({ address, isEntering: false, takesSession: true, onJoin: done })}</div>`,
  outcome: () =>
    html`<gov-call-outcome
      .endedText=${'Duration: 12 minutes'}
      .messages=${() => html`<p>The conversation</p>`}
      .conversationPath=${'/inbox/x'}
      .save=${(text: string) => Promise.resolve(done(text))}
    ></gov-call-outcome>`,
  after: () =>
    html`<gov-call-after
      .endedText=${'Duration: 12 minutes'}
      .result=${result}
      .conversationPath=${'/conversations/x'}
      .rate=${(rating: number) => (done(rating), Promise.resolve(true))}
    ></gov-call-after>`,
  alarm: () =>
    html`<h1>${t('calls.endedTitle')}</h1>
      ${alarmNotice({ names: ['Ana Ferreira'], differs: false, role: 'citizen', leaveText: t('calls.leave'), writePath: '/conversations/x', onLeave: () => done('leave') })}
      ${deviceNotices({ microphone: off, camera: { state: 'failed', failure: 'blocked-by-system' }, screen: off }, true, () => done('choose'))}
      <gov-call-console .facts=${() => facts} .onInvite=${() => done('invite')}></gov-call-console>`,
  dialogs: () => html`<h1>${t('calls.joinTitle')}</h1>`,
};

render(html`<main class="page page-wide">${shows[query.get('show') ?? 'join']?.() ?? shows['dialogs']?.()}</main>`, document.body);

if (query.get('show') === 'compare')
  done(await compareDialog({ digits: '378 913 720', symbols: [34, 13, 46, 57, 2], names: ['Claire Weber', 'Ana Ferreira'], isKept: true }));
if (query.get('show') === 'invite') {
  const dialog = new InviteDialog();
  dialog.make = (wish) => (done(wish), Promise.resolve(made));
  void open(dialog);
}
if (query.get('show') === 'colleagues') {
  const dialog = new ColleagueDialog();
  dialog.colleagues = (['available', 'in-call', 'break', 'away'] as const).map((state) => ({
    accountId: newId<'account'>(),
    displayName: `Marc ${state}`,
    state,
  }));
  void open(dialog);
}
