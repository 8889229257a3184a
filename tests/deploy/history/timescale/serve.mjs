// PostgreSQL 17 with TimescaleDB, both compiled to WebAssembly, in memory, on a port of the loopback: serve.mjs PORT
import { PGlite } from "@electric-sql/pglite";
import { timescaledb } from "@electric-sql/pglite/timescaledb";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

const db = await PGlite.create({ extensions: { timescaledb } });
await db.exec("CREATE EXTENSION timescaledb");
const port = Number(process.argv[2]);
await new PGLiteSocketServer({ db, host: "127.0.0.1", port, maxConnections: 10 }).start();
console.log("listening");
