/** What an account may do. `owner` signs who belongs to an inbox and never answers citizens. */
export const roles = ['citizen', 'official', 'supervisor', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];
