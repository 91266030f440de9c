-- When an entry of the work list was written: a minute of the past that frames still stream into (agents that catch up after an
-- outage) is rolled up when it has been quiet for a moment, and not again in every round.
alter table telemetry.touched
    add column noted timestamptz not null default clock_timestamp();

comment on column telemetry.touched.noted is 'When the frames were written, by the clock of the database.';
