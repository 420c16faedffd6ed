-- Calls of up to six people: who belongs to one, who is in it right now, whom a link lets in, and on which sfu it is.

-- A guest came by a link into one call: no passkey, no chain; the name is what the one who invited him wrote.
alter table accounts drop constraint accounts_role_check;
alter table accounts add constraint accounts_role_check
  check (role in ('citizen', 'official', 'supervisor', 'admin', 'owner', 'guest'));

alter table calls
  -- What the call is about: a ticket may be redirected, so not always the conversation's.
  add column service_id text references services,
  -- When the citizen first joined; it rings until then.
  add column answered_at timestamptz,
  add column held boolean not null default false,
  -- Grows with every change of who is in it, and of as what.
  add column round integer not null default 0,
  -- The address of the sfu that carries it; null until somebody joins.
  add column sfu_node text,
  add column rated boolean not null default false,
  -- Of what its people are shown: so a node that was not told finds it.
  add column changed_at timestamptz not null default now();
update calls set service_id = queue_entries.service_id, answered_at = started_at
  from queue_entries where queue_entries.entry_id = calls.entry_id;
alter table calls alter column service_id set not null;
create index recent_calls on calls (changed_at);
create index calls_on_nodes on calls (sfu_node) where state <> 'ended';

-- Those beside citizen and official.
create table call_participants (
  call_id text not null references calls,
  account_id text not null references accounts,
  role text not null check (role in ('colleague', 'relative', 'interpreter', 'captioner')),
  display_name text not null,
  -- Who asked him in; null for an official who handed the call over.
  inviter_id text references accounts,
  -- What a guest's inviter signed about his key.
  granted bytea,
  invited_at timestamptz not null,
  -- When he was asked to come, the last three times.
  rung_at timestamptz[] not null default '{}',
  joined_at timestamptz,
  gone text check (gone in ('left', 'declined', 'removed')),
  primary key (call_id, account_id)
);
create index on call_participants (account_id);

-- One page of one person that is in a call.
create sequence call_peer_marks;
create table call_peers (
  call_id text not null references calls,
  peer_id text not null,
  account_id text not null references accounts,
  device_id text,
  session_id text not null,
  joined_at timestamptz not null,
  -- Grows whenever its page, or the sfu, says that it is in: older news takes nobody out.
  mark bigint not null,
  -- Since when no media has come from it; null while some does, and before the first.
  silent_since timestamptz,
  primary key (call_id, peer_id),
  unique (call_id, account_id)
);
create index on call_peers (account_id);

-- One-time links for guests. Of the link's token the server has the hash alone.
create table call_invites (
  invite_id text primary key,
  call_id text not null references calls,
  inviter_id text not null references accounts,
  role text not null check (role in ('relative', 'interpreter', 'captioner')),
  display_name text not null,
  token_hash bytea not null unique,
  granted bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  withdrawn_at timestamptz,
  used_at timestamptz
);
create index on call_invites (call_id);

-- How calls were found, by service and day and nothing else.
create table call_ratings (
  service_id text not null references services,
  day date not null,
  rating smallint not null check (rating between 1 and 5),
  count integer not null,
  primary key (service_id, day, rating)
);
