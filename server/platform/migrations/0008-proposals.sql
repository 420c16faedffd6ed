-- Links that wait for a second person's signature. They name the head they follow: when the chain moves on, they are void.

create table inbox_proposals (
  proposal_id text primary key,
  inbox_id text not null references inboxes,
  link bytea not null,
  boxes bytea[] not null,
  proposed_by text not null references accounts,
  -- Whose signature is asked for.
  asked text[] not null,
  proposed_at timestamptz not null,
  expires_at timestamptz not null
);
create index on inbox_proposals (inbox_id);
