import type { ConversationId, InboxId } from './ids.ts';
import type { SignedLink } from './offices.ts';

/** A retention cut of an inbox: from `generation` on its keys no longer open what was sealed before. Times are milliseconds since 1970. */
export interface CutView {
  readonly generation: number;
  /** Cases in which nothing has happened since then are not sealed anew. */
  readonly quietSince: number;
  /** When everything of before was deleted; null while live cases are still to be sealed anew. */
  readonly forgottenAt: number | null;
}

/** What a cut makes, or has made, of the cases of an inbox. Those that have expired before count as neither. */
export interface CutSurvey {
  readonly staying: number;
  readonly expiring: number;
  /** How many of those staying are still sealed to older keys. */
  readonly outstanding: number;
  /** Which ones, in the order of their ids; at most `limits.casesPerSurvey`. */
  readonly toRenew: readonly ConversationId[];
}

/** For owners and admins of the inbox. */
export interface RetentionCommands {
  /**
   * Begins a cut: appends its link (rotate_ptk, retention_cut) and keeps with it what stays. `bad_state` while another one is unfinished,
   * else as `inbox:append`.
   */
  'inbox:cut': (request: { inboxId: InboxId; link: SignedLink; quietSince: number }) => CutView;
  /** The newest cut, or null. */
  'inbox:read-cut': (request: { inboxId: InboxId }) => { cut: CutView | null };
  /** How it stands for a cut at this generation, which may be one to come; `toRenew` after the given case (null: from the first one). */
  'inbox:survey-cut': (request: { inboxId: InboxId; quietSince: number; generation: number; after: ConversationId | null }) => CutSurvey;
  /**
   * Deletes for good what opens the cases that were not taken along. `conflict` while a case that stays is sealed to older keys. Twice is
   * answered alike.
   */
  'inbox:forget': (request: { inboxId: InboxId; generation: number }) => CutView;
}
