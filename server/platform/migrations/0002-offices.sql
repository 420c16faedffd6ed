-- What people come for, when it is open, and who belongs to the team.

create table offices (
  office_id text primary key,
  name jsonb not null,
  phone text not null,
  address text not null,
  inbox_id text not null unique
);

create table services (
  service_id text primary key,
  office_id text not null references offices,
  name jsonb not null,
  summary jsonb not null,
  keywords text[] not null,
  -- First character of its ticket numbers.
  letter text not null check (letter ~ '^[A-Z]$'),
  appointment_minutes integer not null check (appointment_minutes between 5 and 240),
  -- How many appointments may run at the same time.
  desks integer not null check (desks between 1 and 50),
  position integer not null
);
create index on services (office_id);

-- Local time of the installation's zone; a day may have several rows (breaks).
create table opening_hours (
  service_id text not null references services,
  weekday integer not null check (weekday between 1 and 7),
  opens time not null,
  closes time not null check (closes > opens),
  primary key (service_id, weekday, opens)
);

create table closed_days (
  office_id text not null references offices,
  day date not null,
  primary key (office_id, day)
);

create table registry_keys (
  public_key bytea primary key
);

-- Locked by whoever extends the chain, so that two links never follow the same one.
create table inboxes (
  inbox_id text primary key
);

create table inbox_links (
  inbox_id text not null references inboxes,
  seqno integer not null,
  link bytea not null,
  primary key (inbox_id, seqno)
);

create table inbox_generations (
  inbox_id text not null references inboxes,
  generation integer not null,
  previous_box bytea,
  primary key (inbox_id, generation)
);

create table inbox_boxes (
  inbox_id text not null,
  generation integer not null,
  account_id text not null references accounts,
  recipient_generation integer not null,
  box bytea not null,
  primary key (inbox_id, generation, account_id),
  foreign key (inbox_id, generation) references inbox_generations
);

-- The chain says who belongs to the inbox; this is its newest state, for queries.
create table inbox_members (
  inbox_id text not null references inboxes,
  account_id text not null references accounts,
  role text not null check (role in ('owner', 'admin', 'member', 'auditor')),
  primary key (inbox_id, account_id)
);
create index on inbox_members (account_id);

alter table offices add foreign key (inbox_id) references inboxes;
alter table accounts add foreign key (office_id) references offices;
alter table invitations add foreign key (office_id) references offices;
