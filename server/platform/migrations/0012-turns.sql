-- A ticket is called, missed, parked and taken up again; served first for a reason; by somebody who can.

alter table queue_entries rename column accepted_by to official_id;
alter table queue_entries
  add column walked_in boolean,
  -- Where a missed turn has put it: right behind this place, until its own is a later one.
  add column behind jsonb,
  add column needs text[] not null default '{}',
  add column priority text check (priority in ('need', 'deadline', 'mistake', 'emergency')),
  add column readiness text check (readiness in ('ready', 'sound-only', 'text-only')),
  add column missed_turns integer not null default 0,
  add column redirects integer not null default 0,
  add column called_at timestamptz,
  add column answer_by timestamptz,
  add column extended boolean not null default false,
  -- Of the last ten minutes, whoever called.
  add column rings timestamptz[] not null default '{}',
  -- The latest call that brought nothing.
  add column lost_called_at timestamptz,
  add column lost_outcome text check (lost_outcome in ('missed', 'passed', 'official-lost')),
  add check ((lost_called_at is null) = (lost_outcome is null));

update queue_entries set
  walked_in = appointment_at is null or due_at <> appointment_at,
  called_at = accepted_at;

alter table queue_entries
  alter column walked_in set not null,
  drop column due_at,
  drop constraint queue_entries_state_check,
  drop constraint queue_entries_check1,
  drop constraint queue_entries_check2,
  add check (state in ('waiting', 'called', 'parked', 'accepted', 'ended', 'left')),
  add check (walked_in or appointment_id is not null),
  add check ((called_at is null) = (official_id is null) and (called_at is null) = (call_id is null)),
  add check ((state in ('called', 'accepted', 'ended')) = (called_at is not null)),
  add check ((state = 'called') = (answer_by is not null)),
  add check ((state in ('accepted', 'ended')) = (accepted_at is not null));

drop index one_open_entry;
create unique index one_open_entry on queue_entries (citizen_id, service_id) where state in ('waiting', 'called', 'parked', 'accepted');
drop index waiting_line;
create index open_line on queue_entries (office_id) where state in ('waiting', 'called', 'parked', 'accepted');
drop index in_service;
create index ringing on queue_entries (answer_by) where state = 'called';

-- Who had somebody served first, when and why, or no longer (null). Never changed, never deleted.
create table queue_priorities (
  priority_id bigint primary key generated always as identity,
  entry_id text not null references queue_entries,
  official_id text not null references accounts,
  reason text check (reason in ('need', 'deadline', 'mistake', 'emergency')),
  set_at timestamptz not null
);
create index on queue_priorities (entry_id);

alter table availability
  add column state text,
  -- Empty: all services of the office, all languages.
  add column services text[] not null default '{}',
  add column languages text[] not null default '{}',
  add column changed_at timestamptz;
update availability set state = case when available then 'available' else 'off' end, changed_at = last_present_at;
alter table availability
  alter column state set not null,
  alter column changed_at set not null,
  drop column available,
  add check (state in ('available', 'break', 'off'));

-- A ticket may ring several times: each time is a call of its own.
alter table calls drop constraint calls_entry_id_key;
create index on calls (entry_id);
create unique index one_running_call_an_entry on calls (entry_id) where state <> 'ended';
alter table calls drop constraint calls_reason_check;
alter table calls add constraint calls_reason_check check (reason in ('hung-up', 'network', 'node-lost', 'moderator', 'missed', 'official-lost'));

-- Stated at booking, taken along into the line.
alter table appointments add column needs text[] not null default '{}';
