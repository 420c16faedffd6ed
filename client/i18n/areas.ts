import type errors from './en/errors.json';
import type help from './en/help.json';
import type shell from './en/shell.json';
import type start from './en/start.json';
import type time from './en/time.json';
import type ui from './en/ui.json';

/** Every area that has a catalogue. The keys of its English file are the keys that compile. */
export interface Areas {
  errors: typeof errors;
  help: typeof help;
  shell: typeof shell;
  start: typeof start;
  time: typeof time;
  ui: typeof ui;
}

export type Area = keyof Areas;
export type MessageKey = { [Name in Area]: `${Name}.${keyof Areas[Name] & string}` }[Area];
