-- What was announced is rounded to five minutes, outwards: only the range as it was calculated says whether it was as wide as it should be.
alter table wait_forecasts
  add column likely_from_minutes float8,
  add column likely_to_minutes float8,
  add check ((likely_from_minutes is null) = (likely_to_minutes is null));
