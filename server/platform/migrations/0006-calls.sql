create table calls (
  call_id text primary key,
  conversation_id text not null references conversations,
  entry_id text not null unique references queue_entries,
  citizen_id text not null references accounts,
  official_id text not null references accounts,
  state text not null check (state in ('connecting', 'active', 'ended')),
  reason text check (reason in ('hung-up', 'network', 'node-lost', 'moderator')),
  started_at timestamptz not null,
  active_at timestamptz,
  ended_at timestamptz,
  check ((state = 'ended') = (ended_at is not null and reason is not null))
);
create index calls_running on calls (official_id) where state <> 'ended';
create index calls_running_citizen on calls (citizen_id) where state <> 'ended';
