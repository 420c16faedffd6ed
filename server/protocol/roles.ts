/** What an account may do. `owner` signs who belongs to an inbox and never answers citizens; a `guest` came by a link into one call, and has nothing else. */
export const roles = ['citizen', 'official', 'supervisor', 'admin', 'owner', 'guest'] as const;
export type Role = (typeof roles)[number];
