-- The waiting line: a durable ticket, ordered by when its turn was earned. All services of an office share one line,
-- because every official of the office serves all of them.

create table queue_entries (
  entry_id text primary key,
  -- Decides between two that are due in the same millisecond; ids are chosen by the sender and must not.
  arrival bigint generated always as identity,
  service_id text not null references services,
  office_id text not null references offices,
  conversation_id text not null references conversations,
  citizen_id text not null references accounts,
  language text not null,
  ticket_number text not null,
  appointment_id text,
  appointment_at timestamptz,
  state text not null check (state in ('waiting', 'accepted', 'ended', 'left')),
  -- Walk-ins: when they joined. Appointment holders: the appointment's time, when that is earlier.
  due_at timestamptz not null,
  joined_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by text references accounts,
  call_id text unique,
  ended_at timestamptz,
  -- Whether a device of the citizen is connected, and the last moment one was.
  present boolean not null,
  last_present_at timestamptz not null,
  -- What the citizen was last told, so that he hears of changes and of nothing else.
  told_place integer,
  told_from_minutes integer,
  told_to_minutes integer,
  check ((appointment_id is null) = (appointment_at is null)),
  check ((accepted_at is null) = (accepted_by is null) and (accepted_at is null) = (call_id is null)),
  check ((state in ('accepted', 'ended')) = (accepted_at is not null)),
  check ((state in ('ended', 'left')) = (ended_at is not null))
);
create unique index one_open_entry on queue_entries (citizen_id, service_id) where state in ('waiting', 'accepted');
create index waiting_line on queue_entries (office_id) where state = 'waiting';
create index in_service on queue_entries (office_id) where state = 'accepted';
create index finished_entries on queue_entries (office_id, ended_at desc) where state in ('ended', 'left');
create index on queue_entries (citizen_id, joined_at);
create index on queue_entries (appointment_id) where appointment_id is not null;

create table ticket_counters (
  service_id text not null references services,
  day date not null,
  last integer not null,
  primary key (service_id, day)
);

-- Officials who take people from the line, as long as one of their devices is connected.
create table availability (
  account_id text primary key references accounts,
  office_id text not null references offices,
  available boolean not null,
  present boolean not null,
  last_present_at timestamptz not null
);
create index on availability (office_id);
