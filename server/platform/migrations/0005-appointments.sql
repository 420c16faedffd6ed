-- A slot is a time at a desk. That no desk has two appointments at once is decided here, whatever the code does.

create extension if not exists btree_gist;

create table appointments (
  appointment_id text primary key,
  service_id text not null references services,
  office_id text not null references offices,
  citizen_id text not null references accounts,
  conversation_id text references conversations,
  desk integer not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  state text not null check (state in ('held', 'booked', 'checked-in', 'completed', 'released', 'cancelled', 'missed')),
  hold_expires_at timestamptz,
  created_at timestamptz not null,
  check ((state = 'held') = (hold_expires_at is not null)),
  check ((state in ('held', 'released')) = (conversation_id is null)),
  constraint one_appointment_a_desk exclude using gist (service_id with =, desk with =, tstzrange(starts_at, ends_at) with &&)
    where (state in ('held', 'booked', 'checked-in', 'completed'))
);
create index on appointments (citizen_id, starts_at);
create index on appointments (office_id, starts_at);
create index held_appointments on appointments (hold_expires_at) where state = 'held';
create index booked_appointments on appointments (starts_at) where state = 'booked';
create unique index one_hold on appointments (citizen_id) where state = 'held';

alter table queue_entries add foreign key (appointment_id) references appointments;
