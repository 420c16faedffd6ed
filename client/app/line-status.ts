import { Subject } from '../net/observable.ts';
import type { ConnectionState } from '../net/socket.ts';

/** How the line to the server is, for the shell's banner; null as long as the page needs none. Set by whoever owns the connection. */
export const lineStatus = new Subject<ConnectionState['status'] | null>(null);
