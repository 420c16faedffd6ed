-- The waiting line: a durable ticket, ordered by when its turn was earned.

create table queue_entries (
  entry_id text primary key,
  service_id text not null references services,
  office_id text not null references offices,
  conversation_id text not null references conversations,
  citizen_id text not null references accounts,
  language text not null,
  ticket_number text not null,
  appointment_id text,
  state text not null check (state in ('waiting', 'accepted', 'ended', 'left')),
  -- Walk-ins: when they joined. Appointment holders: the appointment's time, when that is earlier.
  due_at timestamptz not null,
  joined_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by text references accounts,
  call_id text unique,
  ended_at timestamptz,
  -- The last moment a device of the citizen was connected.
  last_present_at timestamptz not null,
  check ((accepted_at is null) = (accepted_by is null)),
  check (state <> 'accepted' or call_id is not null)
);
create unique index one_open_entry on queue_entries (citizen_id, service_id) where state in ('waiting', 'accepted');
create index waiting_line on queue_entries (service_id, due_at, entry_id) where state = 'waiting';

create table ticket_counters (
  service_id text not null references services,
  day date not null,
  last integer not null,
  primary key (service_id, day)
);

create table availability (
  account_id text primary key references accounts,
  available boolean not null,
  changed_at timestamptz not null
);
