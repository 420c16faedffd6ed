// Runs in the page: the view of a call alone, with drawn faces, for call-view.test.ts.
import { html, nothing, render } from 'lit';
import '../../client/calls/call-view.ts';
import type { CallActs, CallPicture } from '../../client/calls/call-view.ts';
import { changedNotice } from '../../client/calls/call-notices.ts';
import type { LaneLine } from '../../client/calls/text/lane-line.ts';
import { roleText, type TilePerson } from '../../client/calls/people/tile-person.ts';
import { loadAreas, setLocale } from '../../client/i18n/translate.ts';
import type { CallRole } from '../../server/protocol/calls.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { locales } from '../../server/protocol/locale.ts';

declare global {
  /** What the view asked for, in order. */
  var asked: string[];
  /** The captioner's last line is done, and reads this. */
  var finishLine: (text: string) => void;
  /** Changes what it shows. */
  var change: (change: Partial<CallPicture>) => void;
}

const query = new URLSearchParams(location.search);
await setLocale(locales.find((locale) => locale === query.get('locale')) ?? 'en');
await loadAreas(['calls', 'guests', 'safety']);
document.documentElement.dataset['density'] = query.get('density') ?? 'citizen';

function face(hue: number): MediaStreamTrack | null {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [640, 480];
  const paint = canvas.getContext('2d');
  if (paint === null) return null;
  const paintFace = (): void => {
    paint.fillStyle = `hsl(${hue} 30% 35%)`;
    paint.fillRect(0, 0, 640, 480);
    paint.fillStyle = `hsl(${hue} 45% 70%)`;
    paint.beginPath();
    paint.arc(320, 200, 90, 0, 7);
    paint.fill();
    paint.beginPath();
    paint.arc(320, 500, 180, Math.PI, 0);
    paint.fill();
  };
  paintFace();
  setInterval(paintFace, 200);
  return canvas.captureStream(10).getVideoTracks()[0] ?? null;
}

const id = (name: string): AccountId => name as AccountId;

function person(role: CallRole, name: string, more: Partial<TilePerson> = {}): TilePerson {
  return {
    accountId: id(role + name),
    role,
    name,
    title: roleText(role),
    isHere: true,
    camera: null,
    screen: null,
    voice: null,
    isMuted: false,
    isSpeaking: false,
    isSigning: false,
    quality: 'full',
    trust: 'encrypted',
    ...more,
  };
}

const everybody: readonly TilePerson[] = [
  person('official', 'Claire Weber', { title: 'Citizens’ office', camera: face(190), isSpeaking: true }),
  person('interpreter', 'Ana Ferreira', { camera: face(30), isSigning: true, isMuted: true }),
  person('relative', 'Jean Muller', { quality: 'none', isMuted: true }),
  person('captioner', 'Tom Klein'),
  person('colleague', 'Marc Hoffmann', { camera: face(280), quality: 'reduced' }),
];
const count = Number(query.get('others') ?? '1');
const sharing = query.has('screen') ? { screen: face(120) } : {};
const line = (of: TilePerson, text: string, isOpen: boolean, index: number): LaneLine => ({
  id: `${of.accountId}-${index}`,
  accountId: of.accountId,
  author: of.name,
  role: of.role,
  isOwn: false,
  text,
  isOpen,
});
const [official = person('official', '?'), , , captioner = official] = everybody;

globalThis.asked = [];
const note = (what: string) => (): void => void globalThis.asked.push(what);
const acts: CallActs = {
  microphone: note('microphone'),
  camera: note('camera'),
  leave: note('leave'),
  compare: note('compare'),
  line: (text) => void globalThis.asked.push(`line ${text}`),
  endLine: note('end of line'),
  agree: (agrees) => void globalThis.asked.push(`agree ${agrees}`),
  layout: () => undefined,
  canRemove: ({ role }) => role !== 'official' && role !== 'citizen',
  remove: (accountId) => void globalThis.asked.push(`remove ${accountId}`),
  withdraw: note('withdraw'),
  invite: note('invite'),
  colleague: null,
  transfer: null,
};
let picture: CallPicture = {
  others: everybody.slice(0, count).map((each, index) => (index === 0 ? { ...each, ...sharing } : each)),
  self: person('citizen', 'Anna Muller', { camera: query.has('faceless') ? null : face(0) }),
  microphone: true,
  camera: !query.has('faceless'),
  speakerId: '',
  words: query.has('weak') ? ['The connection is weak: the sound comes first.'] : [],
  security: { state: 'encrypted', comparedAt: null, canCompare: true },
  lines: query.has('text')
    ? [
        line(official, 'Good morning, I can hear you well.', false, 1),
        line(captioner, 'Could you show me the form, please?', false, 2),
        line(captioner, 'The one with the blue', true, 3),
      ]
    : [],
  canWrite: true,
  consent: { mine: true, others: [{ name: 'Claire Weber', agrees: true }] },
  invites: [],
  failure: null,
  leaveText: query.get('leave') ?? 'Hang up',
  more: [],
};

function draw(): void {
  render(
    html`<gov-app
      ><main class="page page-wide">
        <div class="call-page">
          <h1 class="call-title" tabindex="-1">Call with Claire Weber, Citizens’ office</h1>
          <gov-call-view
            .picture=${picture}
            .acts=${acts}
            .notices=${query.has('changed') ? changedNotice({ name: 'Claire Weber', at: Date.UTC(2026, 10, 2) }) : nothing}
            .conversation=${query.has('guest') ? null : () => html`<p>The conversation</p>`}
          ></gov-call-view>
        </div></main
    ></gov-app>`,
    document.body,
  );
}
globalThis.change = (change) => {
  picture = { ...picture, ...change };
  draw();
};
globalThis.finishLine = (text) =>
  globalThis.change({ lines: picture.lines.map((each) => (each.isOpen ? { ...each, text, isOpen: false } : each)) });
draw();
