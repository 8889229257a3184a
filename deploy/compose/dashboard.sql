-- The database of `sagui dashboard`, which makes its tables itself. Run once, by the owner of the server, after schema.sql.
CREATE ROLE dashboard LOGIN;
CREATE DATABASE dashboard OWNER dashboard;
\connect dashboard
-- Where the extension is there when the tables are made, the results become a hypertable.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
    END IF;
END $$;
