-- Frames that have left the hot partitions: packed by GPU and hour, columns first. The form is that of src/History/Seals/FrameCodec.cs.
-- A frame is either in telemetry.frame or in here: both sides change in one transaction.
create table telemetry.sealed (
    starts timestamptz not null,
    sealed_at timestamptz not null,
    gpu_id integer not null,
    frames integer not null,
    body bytea not null,
    newest bytea not null,
    constraint pk_sealed primary key (gpu_id, starts)
) partition by range (starts);

-- What is packed is not compressed a second time.
alter table telemetry.sealed
    alter column body set storage external,
    alter column newest set storage main;

comment on table telemetry.sealed is 'Frames of one GPU with starts <= time < starts + 1 h, packed. newest is the last of them, packed by itself.';

comment on table telemetry.rollup_state is 'Up to when each level (minute, hour) is complete, what is later is answered from the level below; and up to when frames are sealed (seal), what is older arrives by the late road.';

-- A hot partition whose frames are all sealed. It is small once autovacuum has been there; only then is it looked at, for a moment alone.
create function telemetry.drop_vacated_partition(parent text, starts date) returns boolean
language plpgsql as $body$
declare
    child text := parent || '_' || to_char(starts, 'YYYYMMDD');
    inhabited boolean;
begin
    if to_regclass(format('telemetry.%I', child)) is null or pg_relation_size(to_regclass(format('telemetry.%I', child))) > 1048576 then
        return false;
    end if;

    -- The table before its partition, as every writer goes.
    execute format('lock table telemetry.%I in access exclusive mode', parent);
    execute format('select exists (select from telemetry.%I)', child) into inhabited;
    if inhabited then
        return false;
    end if;

    execute format('drop table telemetry.%I', child);
    return true;
end
$body$;

comment on function telemetry.drop_vacated_partition is 'Removes the partition of a telemetry table that starts on that day if it has no rows and has been vacuumed. False: it has, or it was not there.';
