import type account from './en/account.json';
import type appointments from './en/appointments.json';
import type calls from './en/calls.json';
import type console from './en/console.json';
import type conversations from './en/conversations.json';
import type devices from './en/devices.json';
import type errors from './en/errors.json';
import type guests from './en/guests.json';
import type help from './en/help.json';
import type inbox from './en/inbox.json';
import type needs from './en/needs.json';
import type notices from './en/notices.json';
import type offices from './en/offices.json';
import type queue from './en/queue.json';
import type registrar from './en/registrar.json';
import type safety from './en/safety.json';
import type security from './en/security.json';
import type shell from './en/shell.json';
import type supervision from './en/supervision.json';
import type team from './en/team.json';
import type time from './en/time.json';
import type ui from './en/ui.json';
import type ways from './en/ways.json';

/** Every area that has a catalogue. The keys of its English file are the keys that compile. */
export interface Areas {
  account: typeof account;
  appointments: typeof appointments;
  calls: typeof calls;
  console: typeof console;
  conversations: typeof conversations;
  devices: typeof devices;
  errors: typeof errors;
  guests: typeof guests;
  help: typeof help;
  inbox: typeof inbox;
  needs: typeof needs;
  notices: typeof notices;
  offices: typeof offices;
  queue: typeof queue;
  registrar: typeof registrar;
  safety: typeof safety;
  security: typeof security;
  shell: typeof shell;
  supervision: typeof supervision;
  team: typeof team;
  time: typeof time;
  ui: typeof ui;
  ways: typeof ways;
}

export type Area = keyof Areas;
export type MessageKey = { [Name in Area]: `${Name}.${keyof Areas[Name] & string}` }[Area];
