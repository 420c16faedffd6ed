-- Whoever uses a link and does not hear the answer may ask again; nobody else may.
alter table call_invites add column used_by bytea;
