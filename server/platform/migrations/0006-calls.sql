create table calls (
  call_id text primary key,
  conversation_id text not null references conversations,
  entry_id text not null unique references queue_entries,
  citizen_id text not null references accounts,
  official_id text not null references accounts,
  official_name text not null,
  office_id text not null references offices,
  state text not null check (state in ('connecting', 'active', 'ended')),
  reason text check (reason in ('hung-up', 'network', 'node-lost', 'moderator')),
  started_at timestamptz not null,
  -- When the media of each first came through; active from the later of the two.
  citizen_connected_at timestamptz,
  official_connected_at timestamptz,
  ended_at timestamptz,
  -- The last moment somebody was known to be in it.
  last_seen_at timestamptz not null,
  check ((state = 'ended') = (ended_at is not null and reason is not null)),
  check (state <> 'active' or (citizen_connected_at is not null and official_connected_at is not null))
);
-- Nobody is in two calls at once, whatever the code does.
create unique index one_running_call_an_official on calls (official_id) where state <> 'ended';
create unique index one_running_call_a_citizen on calls (citizen_id) where state <> 'ended';
