#!/bin/sh
# Run once, by the database's container, after the two .sql files: the three roles get the passwords of .env.
set -eu
# Read by psql from its environment, so that no password is in a list of processes.
psql -X -q -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$POSTGRES_DB" <<'SQL'
\getenv telegraf SAGUI_TELEGRAF_PASSWORD
\getenv grafana SAGUI_GRAFANA_DATABASE_PASSWORD
\getenv dashboard SAGUI_DASHBOARD_DATABASE_PASSWORD
ALTER ROLE telegraf PASSWORD :'telegraf';
ALTER ROLE grafana PASSWORD :'grafana';
ALTER ROLE dashboard PASSWORD :'dashboard';
SQL
