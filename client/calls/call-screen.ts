import { html, nothing, type TemplateResult } from 'lit';
import {
  guestRoles,
  sourcesOfRole,
  type CallInviteId,
  type CallParticipant,
  type CallRole,
  type CallView as Call,
} from '../../server/protocol/calls.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import { askColleague, inviteGuest } from './call-dialogs.ts';
import { CallAnnouncements } from './call-announcements.ts';
import { alarmNotice, changedNotice, deviceNotices } from './call-notices.ts';
import { moreActions } from './call-more.ts';
import type { CallSession } from './call-session.ts';
import './call-view.ts';
import type { CallActs, CallPicture } from './call-view.ts';
import type { SecurityState } from './people/security-line.ts';
import { ownTilePerson, tilePeople, type NamePerson } from './people/tile-people.ts';
import { compareDialog } from './people/compare-dialog.ts';
import { rememberDevice, rememberedDevices, type DeviceKind } from './media/device-choice.ts';
import { deviceDialog } from './device-dialog.ts';
import { stateWords } from './state-words.ts';
import type { LaneLine } from './text/lane-line.ts';
import type { TileLayout } from './tile-layout.ts';

function isGuest(role: CallRole): boolean {
  return guestRoles.some((guest) => guest === role);
}

/** Captioners come from the office. */
const citizensGuests = ['relative', 'interpreter'] as const;

/** A running call on this page: joins what the connection says with what the view draws. */
export class CallScreen extends GovElement {
  static override properties = {
    session: { attribute: false },
    role: { attribute: false },
    nameOf: { attribute: false },
    ownName: { attribute: false },
    bar: { attribute: false },
    conversation: { attribute: false },
    writePath: { attribute: false },
    leaveText: { attribute: false },
    onLeave: { attribute: false },
    speakerId: { state: true },
    signLanguage: { state: true },
  };
  declare session: CallSession;
  /** This person's, in this call. */
  declare role: CallRole;
  declare nameOf: NamePerson;
  /** As a link calls this person; empty: unknown. */
  declare ownName: string;
  declare bar: ((call: Call, onInvite: () => void) => TemplateResult) | null;
  declare conversation: (() => TemplateResult) | null;
  declare writePath: string | null;
  declare leaveText: string;
  declare onLeave: () => void;
  declare speakerId: string;
  declare signLanguage: boolean;
  readonly #announcements = new CallAnnouncements();
  /** The numbers differ: `silenced` until the person himself switches something on again. */
  #alarm: 'none' | 'silenced' | 'person goes on' = 'none';

  constructor() {
    super();
    this.addController(new WatchAll(this, () => this.session.parts));
    this.ownName = '';
    this.bar = null;
    this.conversation = null;
    this.writePath = null;
    this.speakerId = rememberedDevices().speaker ?? '';
    this.signLanguage = false;
  }

  protected override willUpdate(): void {
    const call = this.session.connection.call.value;
    if (call === null) return;
    const { accountId, displayName } = call.official;
    const news = this.#announcements.next({
      connection: this.session.connection.state.value,
      others: this.#others(call),
      security: this.#security(),
      isHeld: call.held,
      leader: { accountId, name: displayName },
    });
    for (const { text, urgent } of news) announcer().announce(text, { urgent });
  }

  /** Somebody may sit in between: nothing more goes out, whatever it was that came on. */
  protected override updated(): void {
    if (this.session.compared.state.value.state !== 'differs') this.#alarm = 'none';
    else if (this.#alarm !== 'person goes on') this.#silence();
  }

  protected override render(): TemplateResult {
    const call = this.session.connection.call.value;
    return html`<gov-call-view
      .picture=${this.#picture(call)}
      .acts=${this.#acts(call)}
      .bar=${call === null || this.bar === null ? nothing : this.bar(call, this.#inviteInterpreter)}
      .notices=${this.#notices()}
      .conversation=${this.conversation}
    ></gov-call-view>`;
  }

  #picture(call: Call | null): CallPicture {
    const { connection } = this.session;
    const { role } = this;
    const { microphone, camera } = this.session.devices.state.value;
    const sources = sourcesOfRole[role];
    const { state, code } = connection.security.value;
    const compared = this.session.compared.state.value;
    const { invites, failure } = this.session.team.state.value;
    return {
      others: this.#others(call),
      self: ownTilePerson({ role, own: connection.own.value, devices: this.session.devices.state.value }),
      microphone: sources.includes('microphone') ? microphone.state === 'on' : null,
      camera: sources.includes('camera') ? camera.state === 'on' : null,
      speakerId: this.speakerId,
      words: stateWords({ connection, role }),
      security: {
        state: this.#security(),
        comparedAt: compared.state === 'same' ? compared.at : null,
        canCompare: code !== null && state === 'encrypted',
      },
      lines: this.#lines(call),
      canWrite: connection.text.isOpen.value,
      consent: this.#consent(call),
      invites,
      failure,
      leaveText: this.leaveText,
      more: moreActions({
        role,
        isHeld: call?.held ?? false,
        devices: this.session.devices,
        isSigning: connection.own.value.isSigning,
        signLanguage: this.signLanguage,
        onSigning: (on) => connection.setSigning(on),
        onSignLanguage: this.#setSignLanguage,
        onChoose: this.#choose,
        onHold: (held) => void this.session.team.hold(held),
      }),
    };
  }

  #acts(call: Call | null): CallActs {
    const { connection, team } = this.session;
    const { role } = this;
    const leads = role === 'official';
    return {
      microphone: () => void this.#toggle('microphone'),
      camera: () => void this.#toggle('camera'),
      leave: () => this.onLeave(),
      compare: () => void this.#compare(),
      line: (text) => connection.text.setLine(text),
      endLine: () => connection.text.endLine(),
      agree: (agrees) => connection.agreeToKeepText(agrees),
      layout: this.#layout,
      canRemove: (person) =>
        person.role !== 'citizen' && person.role !== 'official' && (leads || (role === 'citizen' && team.hasInvited(person.accountId))),
      remove: (accountId: AccountId) => void team.remove(accountId),
      withdraw: (inviteId: CallInviteId) => void team.withdraw(inviteId),
      invite:
        (leads || role === 'citizen') && call !== null
          ? () => void inviteGuest(team, { roles: leads ? guestRoles : citizensGuests, inviter: this.ownName })
          : null,
      colleague: leads && call !== null ? () => void askColleague(team) : null,
      transfer: leads ? (accountId) => void team.transfer(accountId) : null,
    };
  }

  #others(call: Call | null): ReturnType<typeof tilePeople> {
    return tilePeople(this.session.connection.people.value, (participant: CallParticipant) => this.nameOf(participant, call));
  }

  /** What people have compared outweighs what their pages have agreed. */
  #security(): SecurityState {
    return this.session.compared.state.value.state === 'differs' ? 'alarm' : this.session.connection.security.value.state;
  }

  #notices(): TemplateResult {
    const { own, people } = this.session.connection;
    const others = this.#others(this.session.connection.call.value);
    const compared = this.session.compared.state.value;
    const differs = compared.state === 'differs';
    const isAlarm = this.#security() === 'alarm';
    const names = others.filter(({ trust }) => trust === 'alarm').map(({ name }) => name);
    const changed = compared.state === 'changed' ? compared.people : [];
    const news = changed.map(({ accountId, at }) => ({
      name: others.find((each) => each.accountId === accountId)?.name ?? t('calls.somebody'),
      at,
    }));
    const { role, leaveText, writePath, onLeave } = this;
    const alarm = { names, differs, role, leaveText, writePath, onLeave };
    const isSilent = own.value.isSilent && people.value.some(({ isHere }) => isHere);
    return html`${isAlarm ? alarmNotice(alarm) : nothing}${isAlarm ? nothing : news.map(changedNotice)}${deviceNotices(this.session.devices.state.value, isSilent, this.#choose)}`;
  }

  #lines(call: Call | null): readonly LaneLine[] {
    return this.session.connection.text.lines.value.map(({ id, accountId, isOwn, text, isOpen }) => {
      const participant = this.session.known.get(accountId);
      const author = isOwn ? t('calls.you') : participant === undefined ? t('calls.somebody') : this.nameOf(participant, call).name;
      return { id, accountId, isOwn, text, isOpen, author, role: participant?.role ?? this.role };
    });
  }

  /** Citizen and official decide; guests are told nothing they could decide. */
  #consent(call: Call | null): CallPicture['consent'] {
    if (this.role !== 'citizen' && this.role !== 'official') return null;
    const others = this.session.connection.people.value.filter(({ role }) => role === 'citizen' || role === 'official');
    return {
      mine: this.session.connection.own.value.agreesToKeepText,
      others: others.map((person) => ({ name: this.nameOf(person, call).name, agrees: person.agreesToKeepText })),
    };
  }

  async #toggle(source: 'microphone' | 'camera'): Promise<void> {
    if (this.#alarm === 'silenced') this.#alarm = 'person goes on';
    await this.session.devices.toggle(source);
    const isOn = this.session.devices.state.value[source].state === 'on';
    if (source === 'microphone') announcer().announce(isOn ? t('calls.announceUnmuted') : t('calls.announceMuted'));
    else announcer().announce(isOn ? t('calls.announceCameraOn') : t('calls.announceCameraOff'));
  }

  async #compare(): Promise<void> {
    const { code } = this.session.connection.security.value;
    if (code === null) return;
    const names = this.#others(this.session.connection.call.value)
      .filter(({ isHere }) => isHere)
      .map(({ name }) => name);
    const answer = await compareDialog({ digits: code.digits, symbols: code.emoji, names, isKept: !isGuest(this.role) });
    if (answer === null) return;
    await this.session.compared.note(answer);
    if (answer === 'differs') this.#silence();
    else announcer().announce(t('safety.announceSame'));
  }

  /** The person may switch things on again himself, and says so by doing it. */
  #silence(): void {
    this.#alarm = 'silenced';
    const { microphone, camera } = this.session.devices.state.value;
    if (microphone.state === 'on') void this.session.devices.toggle('microphone');
    if (camera.state === 'on') void this.session.devices.toggle('camera');
    this.session.devices.stopScreen();
  }

  readonly #inviteInterpreter = (): void =>
    void inviteGuest(this.session.team, { roles: ['interpreter', 'captioner', 'relative'], inviter: this.ownName });

  readonly #layout = ({ large, small }: TileLayout): void => {
    for (const { person, shows } of large) this.session.connection.prefer(shows, person.accountId, { small: false });
    for (const { person, shows } of small) this.session.connection.prefer(shows, person.accountId, { small: true });
  };

  readonly #setSignLanguage = (on: boolean): void => {
    this.signLanguage = on;
    this.session.connection.setSignLanguage(on);
    announcer().announce(t(on ? 'calls.announceSignLanguageOn' : 'calls.announceSignLanguageOff'));
  };

  readonly #choose = (): void => {
    void deviceDialog((kind: DeviceKind, deviceId: string) => {
      if (kind === 'speaker') {
        rememberDevice(kind, deviceId);
        this.speakerId = deviceId;
      } else {
        void this.session.devices.use(kind, deviceId);
      }
    });
  };
}

customElements.define('gov-call-screen', CallScreen);
