-- Telemetry: who exists, what was read second by second, and its roll-ups to a minute and an hour.
-- Units are the suffixes. Null means that the sensor was silent; it never means 0.
create schema telemetry;

comment on schema telemetry is 'GPUs, their frames of one second, and roll-ups.';

create table telemetry.host (
    host_id integer generated always as identity,
    name text collate "C" not null,
    rack text,
    site text,
    source text,
    first_seen timestamptz not null,
    changed timestamptz not null,
    constraint pk_host primary key (host_id),
    constraint uq_host_name unique (name)
);

comment on table telemetry.host is 'Hosts by the name that their agent gives; host_id is the short key that other tables use.';

create table telemetry.gpu (
    gpu_id integer generated always as identity,
    uuid text collate "C" not null,
    host_id integer not null,
    model text,
    driver text,
    power_limit_max_watts double precision,
    pci_bus_id text,
    state text,
    state_reason text,
    passport jsonb,
    first_seen timestamptz not null,
    described timestamptz,
    rolled_energy_joules double precision not null default 0,
    constraint pk_gpu primary key (gpu_id),
    constraint uq_gpu_uuid unique (uuid),
    constraint fk_gpu_host foreign key (host_id) references telemetry.host (host_id)
);

create index ix_gpu_host on telemetry.gpu (host_id);

comment on table telemetry.gpu is 'GPUs by the UUID of their driver; gpu_id is the short key that frames use. rolled_energy_joules is the energy of all hours that were ever rolled up, kept or dropped since.';

create table telemetry.boot (
    boot_id integer generated always as identity,
    name text collate "C" not null,
    first_seen timestamptz not null,
    constraint pk_boot primary key (boot_id),
    constraint uq_boot_name unique (name)
);

comment on table telemetry.boot is 'Runs of senders within which sequences count up; boot_id is the short key that frames use.';

-- Columns stand by falling width, so that no row pays for padding. Codes of origin: 0 measured, 1 replayed, 2 modelled,
-- 3 simulated; of energy_method: 0 counter, 1 integral.
create table telemetry.frame (
    time timestamptz not null,
    received timestamptz not null,
    sequence bigint not null,
    gpu_id integer not null,
    boot_id integer not null,
    seconds double precision not null,
    energy_joules double precision,
    power_average_watts double precision,
    power_max_watts double precision,
    temperature_celsius double precision,
    memory_temperature_celsius double precision,
    thermal_margin_celsius double precision,
    utilization_ratio double precision,
    memory_activity_ratio double precision,
    memory_used_bytes bigint,
    memory_total_bytes bigint,
    sm_clock_hertz double precision,
    memory_clock_hertz double precision,
    power_limit_watts double precision,
    fan_ratio double precision,
    throttle_sw_power_cap_seconds double precision,
    throttle_sw_thermal_seconds double precision,
    throttle_hw_thermal_seconds double precision,
    throttle_power_brake_seconds double precision,
    tokens bigint,
    samples integer,
    origin smallint not null,
    energy_method smallint,
    constraint pk_frame primary key (gpu_id, time, boot_id, sequence)
) partition by range (time);

comment on table telemetry.frame is 'One second of samples of one GPU. time is the end of its interval by the host''s clock, received the server''s own time.';

-- The work list of the roll-ups. Written in the transaction that writes the frames, so that no committed frame is forgotten.
create table telemetry.touched (
    touched_id bigint generated always as identity,
    minute timestamptz not null,
    gpu_ids integer[] not null,
    constraint pk_touched primary key (touched_id)
);

comment on table telemetry.touched is 'Minutes of GPUs that have new frames and are yet to be rolled up (again).';

create table telemetry.rollup_state (
    level text not null,
    done_until timestamptz not null,
    constraint pk_rollup_state primary key (level)
);

comment on table telemetry.rollup_state is 'Up to when each level is complete; what is later is answered from the level below.';

create table telemetry.frame_1m (
    gpu_id integer not null,
    minute timestamptz not null,
    frames integer not null,
    seconds double precision not null,
    origin smallint not null,
    last_time timestamptz not null,
    token_energy_joules double precision,
    token_count double precision,
    idle_energy_joules double precision,
    idle_watched_seconds double precision,
    energy_joules_sum double precision,
    energy_joules_count integer not null,
    energy_joules_min double precision,
    energy_joules_max double precision,
    energy_joules_last double precision,
    power_average_watts_sum double precision,
    power_average_watts_count integer not null,
    power_average_watts_min double precision,
    power_average_watts_max double precision,
    power_average_watts_last double precision,
    power_max_watts_sum double precision,
    power_max_watts_count integer not null,
    power_max_watts_min double precision,
    power_max_watts_max double precision,
    power_max_watts_last double precision,
    temperature_celsius_sum double precision,
    temperature_celsius_count integer not null,
    temperature_celsius_min double precision,
    temperature_celsius_max double precision,
    temperature_celsius_last double precision,
    memory_temperature_celsius_sum double precision,
    memory_temperature_celsius_count integer not null,
    memory_temperature_celsius_min double precision,
    memory_temperature_celsius_max double precision,
    memory_temperature_celsius_last double precision,
    thermal_margin_celsius_sum double precision,
    thermal_margin_celsius_count integer not null,
    thermal_margin_celsius_min double precision,
    thermal_margin_celsius_max double precision,
    thermal_margin_celsius_last double precision,
    utilization_ratio_sum double precision,
    utilization_ratio_count integer not null,
    utilization_ratio_min double precision,
    utilization_ratio_max double precision,
    utilization_ratio_last double precision,
    memory_activity_ratio_sum double precision,
    memory_activity_ratio_count integer not null,
    memory_activity_ratio_min double precision,
    memory_activity_ratio_max double precision,
    memory_activity_ratio_last double precision,
    memory_used_bytes_sum double precision,
    memory_used_bytes_count integer not null,
    memory_used_bytes_min double precision,
    memory_used_bytes_max double precision,
    memory_used_bytes_last double precision,
    memory_total_bytes_sum double precision,
    memory_total_bytes_count integer not null,
    memory_total_bytes_min double precision,
    memory_total_bytes_max double precision,
    memory_total_bytes_last double precision,
    sm_clock_hertz_sum double precision,
    sm_clock_hertz_count integer not null,
    sm_clock_hertz_min double precision,
    sm_clock_hertz_max double precision,
    sm_clock_hertz_last double precision,
    memory_clock_hertz_sum double precision,
    memory_clock_hertz_count integer not null,
    memory_clock_hertz_min double precision,
    memory_clock_hertz_max double precision,
    memory_clock_hertz_last double precision,
    power_limit_watts_sum double precision,
    power_limit_watts_count integer not null,
    power_limit_watts_min double precision,
    power_limit_watts_max double precision,
    power_limit_watts_last double precision,
    fan_ratio_sum double precision,
    fan_ratio_count integer not null,
    fan_ratio_min double precision,
    fan_ratio_max double precision,
    fan_ratio_last double precision,
    throttle_sw_power_cap_seconds_sum double precision,
    throttle_sw_power_cap_seconds_count integer not null,
    throttle_sw_power_cap_seconds_min double precision,
    throttle_sw_power_cap_seconds_max double precision,
    throttle_sw_power_cap_seconds_last double precision,
    throttle_sw_thermal_seconds_sum double precision,
    throttle_sw_thermal_seconds_count integer not null,
    throttle_sw_thermal_seconds_min double precision,
    throttle_sw_thermal_seconds_max double precision,
    throttle_sw_thermal_seconds_last double precision,
    throttle_hw_thermal_seconds_sum double precision,
    throttle_hw_thermal_seconds_count integer not null,
    throttle_hw_thermal_seconds_min double precision,
    throttle_hw_thermal_seconds_max double precision,
    throttle_hw_thermal_seconds_last double precision,
    throttle_power_brake_seconds_sum double precision,
    throttle_power_brake_seconds_count integer not null,
    throttle_power_brake_seconds_min double precision,
    throttle_power_brake_seconds_max double precision,
    throttle_power_brake_seconds_last double precision,
    tokens_sum double precision,
    tokens_count integer not null,
    tokens_min double precision,
    tokens_max double precision,
    tokens_last double precision,
    samples_sum double precision,
    samples_count integer not null,
    samples_min double precision,
    samples_max double precision,
    samples_last double precision,
    constraint pk_frame_1m primary key (gpu_id, minute)
) partition by range (minute);

comment on table telemetry.frame_1m is 'Frames rolled up to a minute: those with minute <= time < minute + 1 min. _last is the reading of the last frame. origin is the weakest.';

create table telemetry.frame_1h (
    gpu_id integer not null,
    hour timestamptz not null,
    frames integer not null,
    seconds double precision not null,
    origin smallint not null,
    last_time timestamptz not null,
    token_energy_joules double precision,
    token_count double precision,
    idle_energy_joules double precision,
    idle_watched_seconds double precision,
    energy_joules_sum double precision,
    energy_joules_count integer not null,
    energy_joules_min double precision,
    energy_joules_max double precision,
    energy_joules_last double precision,
    power_average_watts_sum double precision,
    power_average_watts_count integer not null,
    power_average_watts_min double precision,
    power_average_watts_max double precision,
    power_average_watts_last double precision,
    power_max_watts_sum double precision,
    power_max_watts_count integer not null,
    power_max_watts_min double precision,
    power_max_watts_max double precision,
    power_max_watts_last double precision,
    temperature_celsius_sum double precision,
    temperature_celsius_count integer not null,
    temperature_celsius_min double precision,
    temperature_celsius_max double precision,
    temperature_celsius_last double precision,
    memory_temperature_celsius_sum double precision,
    memory_temperature_celsius_count integer not null,
    memory_temperature_celsius_min double precision,
    memory_temperature_celsius_max double precision,
    memory_temperature_celsius_last double precision,
    thermal_margin_celsius_sum double precision,
    thermal_margin_celsius_count integer not null,
    thermal_margin_celsius_min double precision,
    thermal_margin_celsius_max double precision,
    thermal_margin_celsius_last double precision,
    utilization_ratio_sum double precision,
    utilization_ratio_count integer not null,
    utilization_ratio_min double precision,
    utilization_ratio_max double precision,
    utilization_ratio_last double precision,
    memory_activity_ratio_sum double precision,
    memory_activity_ratio_count integer not null,
    memory_activity_ratio_min double precision,
    memory_activity_ratio_max double precision,
    memory_activity_ratio_last double precision,
    memory_used_bytes_sum double precision,
    memory_used_bytes_count integer not null,
    memory_used_bytes_min double precision,
    memory_used_bytes_max double precision,
    memory_used_bytes_last double precision,
    memory_total_bytes_sum double precision,
    memory_total_bytes_count integer not null,
    memory_total_bytes_min double precision,
    memory_total_bytes_max double precision,
    memory_total_bytes_last double precision,
    sm_clock_hertz_sum double precision,
    sm_clock_hertz_count integer not null,
    sm_clock_hertz_min double precision,
    sm_clock_hertz_max double precision,
    sm_clock_hertz_last double precision,
    memory_clock_hertz_sum double precision,
    memory_clock_hertz_count integer not null,
    memory_clock_hertz_min double precision,
    memory_clock_hertz_max double precision,
    memory_clock_hertz_last double precision,
    power_limit_watts_sum double precision,
    power_limit_watts_count integer not null,
    power_limit_watts_min double precision,
    power_limit_watts_max double precision,
    power_limit_watts_last double precision,
    fan_ratio_sum double precision,
    fan_ratio_count integer not null,
    fan_ratio_min double precision,
    fan_ratio_max double precision,
    fan_ratio_last double precision,
    throttle_sw_power_cap_seconds_sum double precision,
    throttle_sw_power_cap_seconds_count integer not null,
    throttle_sw_power_cap_seconds_min double precision,
    throttle_sw_power_cap_seconds_max double precision,
    throttle_sw_power_cap_seconds_last double precision,
    throttle_sw_thermal_seconds_sum double precision,
    throttle_sw_thermal_seconds_count integer not null,
    throttle_sw_thermal_seconds_min double precision,
    throttle_sw_thermal_seconds_max double precision,
    throttle_sw_thermal_seconds_last double precision,
    throttle_hw_thermal_seconds_sum double precision,
    throttle_hw_thermal_seconds_count integer not null,
    throttle_hw_thermal_seconds_min double precision,
    throttle_hw_thermal_seconds_max double precision,
    throttle_hw_thermal_seconds_last double precision,
    throttle_power_brake_seconds_sum double precision,
    throttle_power_brake_seconds_count integer not null,
    throttle_power_brake_seconds_min double precision,
    throttle_power_brake_seconds_max double precision,
    throttle_power_brake_seconds_last double precision,
    tokens_sum double precision,
    tokens_count integer not null,
    tokens_min double precision,
    tokens_max double precision,
    tokens_last double precision,
    samples_sum double precision,
    samples_count integer not null,
    samples_min double precision,
    samples_max double precision,
    samples_last double precision,
    constraint pk_frame_1h primary key (gpu_id, hour)
) partition by range (hour);

comment on table telemetry.frame_1h is 'Minutes rolled up to an hour.';

-- Names of partitions depend on data, so this statement must be put together where identifiers can be quoted.
-- A partition is made beside the table and then attached: attaching blocks neither readers nor writers.
create function telemetry.add_partition(parent text, starts date, ends date) returns boolean
language plpgsql as $body$
declare
    child text := parent || '_' || to_char(starts, 'YYYYMMDD');
begin
    perform pg_advisory_xact_lock(hashtextextended('telemetry.' || child, 0));
    if to_regclass(format('telemetry.%I', child)) is not null then
        return false;
    end if;

    execute format('create table telemetry.%I (like telemetry.%I including defaults including storage)', child, parent);
    execute format('alter table telemetry.%I attach partition telemetry.%I for values from (%L) to (%L)',
        parent, child, starts::timestamp at time zone 'UTC', ends::timestamp at time zone 'UTC');
    return true;
end
$body$;

comment on function telemetry.add_partition is 'Makes the partition of a telemetry table for the days from starts up to, not including, ends (UTC). False: it was there.';

create function telemetry.drop_partition(parent text, starts date) returns void
language plpgsql as $body$
begin
    execute format('drop table if exists telemetry.%I', parent || '_' || to_char(starts, 'YYYYMMDD'));
end
$body$;

comment on function telemetry.drop_partition is 'Removes the partition of a telemetry table that starts on that day.';
