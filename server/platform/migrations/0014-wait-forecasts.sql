-- What people were told when they joined, to be compared with how long they waited; and until when numbers are given.

-- The first range of minutes that was announced to a walk-in. How long he waited is in his entry.
create table wait_forecasts (
  entry_id text primary key references queue_entries on delete cascade,
  service_id text not null references services,
  announced_at timestamptz not null,
  from_minutes integer not null check (from_minutes >= 0),
  to_minutes integer not null check (to_minutes > from_minutes)
);
create index on wait_forecasts (service_id, announced_at desc);

alter table services
  -- Before closing, no more numbers are given for so long.
  add column last_admission_minutes integer not null default 0 check (last_admission_minutes between 0 and 240);
