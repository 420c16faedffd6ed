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
import type { CallConnection } from './call-connection.ts';
import { alarmNotice, deviceNotices } from './call-notices.ts';
import { moreActions } from './call-more.ts';
import type { CallTeam } from './people/call-team.ts';
import './call-view.ts';
import type { CallActs, CallPicture } from './call-view.ts';
import { ownTilePerson, tilePeople, type NamePerson } from './people/tile-people.ts';
import { compareDialog } from './people/compare-dialog.ts';
import { rememberDevice, rememberedDevices, type DeviceKind } from './media/device-choice.ts';
import { deviceDialog } from './device-dialog.ts';
import type { LaneLine } from './text/lane-line.ts';
import type { OwnDevices } from './media/own-devices.ts';
import type { TileLayout } from './tile-layout.ts';

/** Captioners come from the office. */
const citizensGuests = ['relative', 'interpreter'] as const;

/** A running call on this page: joins what the connection says with what the view draws. */
export class CallScreen extends GovElement {
  static override properties = {
    connection: { attribute: false },
    devices: { attribute: false },
    team: { attribute: false },
    known: { attribute: false },
    role: { attribute: false },
    nameOf: { attribute: false },
    ownName: { attribute: false },
    bar: { attribute: false },
    conversation: { attribute: false },
    writePath: { attribute: false },
    leaveText: { attribute: false },
    onLeave: { attribute: false },
    compared: { state: true },
    speakerId: { state: true },
    signLanguage: { state: true },
  };
  declare connection: CallConnection;
  declare devices: OwnDevices;
  declare team: CallTeam;
  /** Everybody who was ever in the call, by account: authors of what is written. */
  declare known: ReadonlyMap<AccountId, CallParticipant>;
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
  /** The digits that were compared, and how it went. */
  declare compared: { readonly digits: string; readonly answer: 'same' | 'differs' } | null;
  declare speakerId: string;
  declare signLanguage: boolean;
  readonly #announcements = new CallAnnouncements();

  constructor() {
    super();
    this.addController(
      new WatchAll(this, () => {
        const { state, call, people, own, security, text } = this.connection;
        return [state, call, people, own, security, text.lines, text.isOpen, this.devices.state, this.team.state];
      }),
    );
    this.ownName = '';
    this.bar = null;
    this.conversation = null;
    this.writePath = null;
    this.compared = null;
    this.speakerId = rememberedDevices().speaker ?? '';
    this.signLanguage = false;
  }

  protected override willUpdate(): void {
    const call = this.connection.call.value;
    if (call === null) return;
    const { accountId, displayName } = call.official;
    const news = this.#announcements.next({
      connection: this.connection.state.value,
      others: this.#others(call),
      security: this.connection.security.value.state,
      isHeld: call.held,
      leader: { accountId, name: displayName },
    });
    for (const { text, urgent } of news) announcer().announce(text, { urgent });
  }

  protected override render(): TemplateResult {
    const call = this.connection.call.value;
    return html`<gov-call-view
      .picture=${this.#picture(call)}
      .acts=${this.#acts(call)}
      .bar=${call === null || this.bar === null ? nothing : this.bar(call, this.#inviteInterpreter)}
      .notices=${this.#notices()}
      .conversation=${this.conversation}
    ></gov-call-view>`;
  }

  #picture(call: Call | null): CallPicture {
    const { connection, role } = this;
    const { microphone, camera } = this.devices.state.value;
    const sources = sourcesOfRole[role];
    const { state, code } = connection.security.value;
    const { invites, failure } = this.team.state.value;
    return {
      others: this.#others(call),
      self: ownTilePerson({ role, own: connection.own.value, devices: this.devices.state.value }),
      microphone: sources.includes('microphone') ? microphone.state === 'on' : null,
      camera: sources.includes('camera') ? camera.state === 'on' : null,
      speakerId: this.speakerId,
      words: this.#words(call),
      security: { state, hasCompared: this.#hasCompared('same'), canCompare: code !== null && state === 'encrypted' },
      lines: this.#lines(call),
      canWrite: connection.text.isOpen.value,
      consent: this.#consent(call),
      invites,
      failure,
      leaveText: this.leaveText,
      more: moreActions({
        role,
        isHeld: call?.held ?? false,
        devices: this.devices,
        isSigning: connection.own.value.isSigning,
        signLanguage: this.signLanguage,
        onSigning: (on) => connection.setSigning(on),
        onSignLanguage: this.#setSignLanguage,
        onChoose: this.#choose,
        onHold: (held) => void this.team.hold(held),
      }),
    };
  }

  #acts(call: Call | null): CallActs {
    const { connection, team, role } = this;
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
    return tilePeople(this.connection.people.value, (participant: CallParticipant) => this.nameOf(participant, call));
  }

  /** The state of things in words, only while there is something to say. */
  #words(call: Call | null): readonly string[] {
    const { state, own, people } = this.connection;
    const isAlone = !people.value.some(({ isHere }) => isHere);
    const { line } = own.value;
    return [
      state.value === 'joining' ? t('calls.stateConnecting') : '',
      state.value === 'interrupted' ? t('calls.stateReconnecting') : '',
      isAlone && state.value !== 'joining' ? t('calls.stateWaiting') : '',
      call?.held === true ? t(this.role === 'official' ? 'calls.heldByMe' : 'calls.heldByOffice', { name: call.official.displayName }) : '',
      state.value === 'connected' && line === 'weak' ? t('calls.lineWeak') : '',
      state.value === 'connected' && line === 'bad' ? t('calls.lineBad') : '',
    ].filter((words) => words !== '');
  }

  #notices(): TemplateResult {
    const { security, own, people } = this.connection;
    const differs = this.#hasCompared('differs');
    const isAlarm = security.value.state === 'alarm' || differs;
    const names = this.#others(this.connection.call.value)
      .filter(({ trust }) => trust === 'alarm')
      .map(({ name }) => name);
    const alarm = { names, differs, writePath: this.writePath, onLeave: this.onLeave };
    const isSilent = own.value.isSilent && people.value.some(({ isHere }) => isHere);
    return html`${isAlarm ? alarmNotice(alarm) : nothing}${deviceNotices(this.devices.state.value, isSilent, this.#choose)}`;
  }

  #lines(call: Call | null): readonly LaneLine[] {
    return this.connection.text.lines.value.map(({ id, accountId, isOwn, text, isOpen }) => {
      const participant = this.known.get(accountId);
      const author = isOwn ? t('calls.you') : participant === undefined ? t('calls.somebody') : this.nameOf(participant, call).name;
      return { id, accountId, isOwn, text, isOpen, author, role: participant?.role ?? this.role };
    });
  }

  /** Citizen and official decide; guests are told nothing they could decide. */
  #consent(call: Call | null): CallPicture['consent'] {
    if (this.role !== 'citizen' && this.role !== 'official') return null;
    const others = this.connection.people.value.filter(({ role }) => role === 'citizen' || role === 'official');
    return {
      mine: this.connection.own.value.agreesToKeepText,
      others: others.map((person) => ({ name: this.nameOf(person, call).name, agrees: person.agreesToKeepText })),
    };
  }

  #hasCompared(answer: 'same' | 'differs'): boolean {
    const { code } = this.connection.security.value;
    return this.compared?.answer === answer && (answer === 'differs' || code?.digits === this.compared.digits);
  }

  async #toggle(source: 'microphone' | 'camera'): Promise<void> {
    await this.devices.toggle(source);
    const isOn = this.devices.state.value[source].state === 'on';
    if (source === 'microphone') announcer().announce(isOn ? t('calls.announceUnmuted') : t('calls.announceMuted'));
    else announcer().announce(isOn ? t('calls.announceCameraOn') : t('calls.announceCameraOff'));
  }

  async #compare(): Promise<void> {
    const { code } = this.connection.security.value;
    if (code === null) return;
    const names = this.#others(this.connection.call.value)
      .filter(({ isHere }) => isHere)
      .map(({ name }) => name);
    const answer = await compareDialog({ digits: code.digits, symbols: code.emoji, names });
    if (answer === null) return;
    this.compared = { digits: code.digits, answer };
    if (answer === 'same') announcer().announce(t('safety.announceSame'));
    else await this.#silence();
  }

  /** Somebody may sit in between: nothing more goes out until the person switches it on again himself. */
  async #silence(): Promise<void> {
    announcer().announce(t('safety.alarmTitle'), { urgent: true });
    const { microphone, camera } = this.devices.state.value;
    if (microphone.state === 'on') await this.devices.toggle('microphone');
    if (camera.state === 'on') await this.devices.toggle('camera');
    this.devices.stopScreen();
  }

  readonly #inviteInterpreter = (): void =>
    void inviteGuest(this.team, { roles: ['interpreter', 'captioner', 'relative'], inviter: this.ownName });

  readonly #layout = ({ large, small }: TileLayout): void => {
    for (const { person, shows } of large) this.connection.prefer(shows, person.accountId, { small: false });
    for (const { person, shows } of small) this.connection.prefer(shows, person.accountId, { small: true });
  };

  readonly #setSignLanguage = (on: boolean): void => {
    this.signLanguage = on;
    this.connection.setSignLanguage(on);
    announcer().announce(t(on ? 'calls.announceSignLanguageOn' : 'calls.announceSignLanguageOff'));
  };

  readonly #choose = (): void => {
    void deviceDialog((kind: DeviceKind, deviceId: string) => {
      if (kind === 'speaker') {
        rememberDevice(kind, deviceId);
        this.speakerId = deviceId;
      } else {
        void this.devices.use(kind, deviceId);
      }
    });
  };
}

customElements.define('gov-call-screen', CallScreen);
