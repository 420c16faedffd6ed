-- Old cases that an office lets expire: a generation of its key without the one before. What is quiet since `quiet_since` is not taken along.

create table inbox_cuts (
  inbox_id text not null references inboxes,
  generation integer not null check (generation > 1),
  quiet_since timestamptz not null,
  asked_by text not null references accounts,
  begun_at timestamptz not null,
  -- When everything of before was deleted; null while cases are still sealed anew.
  forgotten_at timestamptz,
  primary key (inbox_id, generation)
);
