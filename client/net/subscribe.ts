import type { Notifications } from '../../server/protocol/notifications.ts';

/** Listens to one notification; returns the function that stops it. */
export type Subscribe = <Name extends keyof Notifications>(name: Name, listener: Notifications[Name]) => () => void;
