import type { SfuEventName, SfuEvents } from '../protocol/events.ts';

/** Tells every connected server. Never throws. */
export type Emit = <Name extends SfuEventName>(event: Name, params: SfuEvents[Name]) => void;
