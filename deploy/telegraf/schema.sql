-- The tables that telegraf writes and Grafana reads. Run once, by the owner of the database; again does no harm:
--   psql -v ON_ERROR_STOP=1 -d sagui -f schema.sql
-- Times are in UTC, as telegraf writes them. A column whose comment begins with "tag" is a tag for telegraf.

CREATE TABLE IF NOT EXISTS results (
    time timestamp NOT NULL,
    device text NOT NULL,
    stream text,
    id text NOT NULL,
    label text NOT NULL,
    score double precision NOT NULL,
    best_label text,
    best_score double precision,
    model text,
    model_version text,
    frame_index bigint,
    frame_source text,
    preprocess_ms double precision,
    infer_ms double precision,
    total_ms double precision,
    said_ns bigint NOT NULL,
    received_ns bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS telemetry (
    time timestamp NOT NULL,
    device text NOT NULL,
    uptime_s double precision,
    mode text,
    frames bigint,
    fps double precision,
    latency_p50_ms double precision,
    latency_p95_ms double precision,
    latency_p99_ms double precision,
    frame_age_ms double precision,
    dropped_frames bigint,
    temperature_c double precision,
    throttled bigint,
    memory_bytes bigint,
    memory_free_bytes bigint,
    disk_free_bytes bigint,
    wifi_dbm double precision,
    outbox_waiting bigint,
    outbox_acknowledged bigint,
    outbox_dropped bigint,
    ignored_commands bigint,
    model text,
    model_version text,
    said_ns bigint NOT NULL,
    received_ns bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS updates (
    time timestamp NOT NULL,
    device text NOT NULL,
    model text,
    installed_version text,
    latest_version text,
    in_progress boolean,
    update_percentage bigint,
    phase text NOT NULL,
    error text,
    rollout text,
    pinned boolean,
    said_ns bigint NOT NULL,
    received_ns bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS availability (
    time timestamp NOT NULL,
    device text NOT NULL,
    said text NOT NULL,
    said_ns bigint NOT NULL,
    received_ns bigint NOT NULL
);
COMMENT ON COLUMN results.device IS 'tag';
COMMENT ON COLUMN results.stream IS 'tag';
COMMENT ON COLUMN telemetry.device IS 'tag';
COMMENT ON COLUMN updates.device IS 'tag';
COMMENT ON COLUMN availability.device IS 'tag';

-- With TimescaleDB each is a hypertable, in chunks of a day.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
        PERFORM create_hypertable(name::regclass, 'time', chunk_time_interval => INTERVAL '1 day', if_not_exists => true)
        FROM unnest(ARRAY['results', 'telemetry', 'updates', 'availability']) AS name;
    END IF;
END $$;

CREATE INDEX IF NOT EXISTS results_device_time ON results (device, time DESC);
CREATE INDEX IF NOT EXISTS results_id ON results (device, id, time);
CREATE INDEX IF NOT EXISTS telemetry_device_time ON telemetry (device, time DESC);
CREATE INDEX IF NOT EXISTS updates_device_time ON updates (device, time DESC);
CREATE INDEX IF NOT EXISTS availability_device_time ON availability (device, time DESC);

-- QoS 1 may say a thing twice, and a retained message is said again at each connection: the second is left out. A unique
-- index would instead refuse telegraf's whole batch.
CREATE OR REPLACE FUNCTION once_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM results
        WHERE device = NEW.device AND id = NEW.id
            AND time BETWEEN NEW.time - INTERVAL '1 hour' AND NEW.time + INTERVAL '1 hour'
    ) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION once_telemetry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM telemetry WHERE device = NEW.device AND time = NEW.time) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION once_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM updates WHERE device = NEW.device AND time = NEW.time AND phase = NEW.phase) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER once BEFORE INSERT ON results FOR EACH ROW EXECUTE FUNCTION once_result();
CREATE OR REPLACE TRIGGER once BEFORE INSERT ON telemetry FOR EACH ROW EXECUTE FUNCTION once_telemetry();
CREATE OR REPLACE TRIGGER once BEFORE INSERT ON updates FOR EACH ROW EXECUTE FUNCTION once_update();

-- Who writes, and who reads. Each gets a password, or a line in pg_hba.conf, by hand.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'telegraf') THEN
        CREATE ROLE telegraf LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana') THEN
        CREATE ROLE grafana LOGIN;
    END IF;
END $$;
GRANT INSERT, SELECT ON results, telemetry, updates, availability TO telegraf;
GRANT SELECT ON results, telemetry, updates, availability TO grafana;
