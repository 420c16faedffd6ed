/** Roles of accounts that stay. `owner` signs who belongs to an inbox and never answers citizens. */
export const memberRoles = ['citizen', 'official', 'supervisor', 'admin', 'owner'] as const;
/** What an account may do. A `guest` came by a link into one call, and has nothing else. */
export const roles = [...memberRoles, 'guest'] as const;
export type Role = (typeof roles)[number];
