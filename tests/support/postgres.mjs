// Databases of the tests' own on the PostgreSQL server that with_postgres.mjs has started.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const server = process.env.TEST_POSTGRES;
let databases = 0;

/** Whether nodes keep their data in PostgreSQL, in place of SQLite. */
export const postgresInUse = Boolean(server);

const psql = (sql) => execFileSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql, `${server}/postgres`]);

/** An empty database; its URL. */
export function newDatabase() {
  const name = `test_${process.pid}_${(databases += 1)}`;
  psql(`CREATE DATABASE ${name}`);
  return `${server}/${name}`;
}

export function dropDatabase(url) {
  psql(`DROP DATABASE ${url.slice(url.lastIndexOf('/') + 1)} WITH (FORCE)`);
}

const fileArguments = (url, file, variables) => {
  const settings = Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
  return ['-X', '-d', url, '-v', 'ON_ERROR_STOP=1', ...settings, '-f', file];
};

/** Runs a file of SQL as an operator would; what psql prints. */
export const runSqlFile = (url, file, variables = {}) =>
  execFileSync('psql', fileArguments(url, file, variables), { encoding: 'utf8' });

/** The same while the test goes on. */
export const startSqlFile = (url, file, variables = {}) =>
  promisify(execFile)('psql', fileArguments(url, file, variables));

/** Rows of text. */
export const queryRows = (url, sql) =>
  execFileSync('psql', ['-X', '-A', '-t', '-F', '\t', '-d', url, '-c', sql], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t'));

/** How many sessions of that database wait for a lock. */
export const lockWaiters = (url) =>
  Number(
    queryRows(
      url,
      "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    )[0][0],
  );

/** Stops a node that is in no transaction: the locks of one would keep its companions waiting for as long as it stands. */
export async function pauseBetweenTransactions(node) {
  const staysInOne =
    "SELECT pg_sleep(0.1); SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'" +
    " AND datname = current_database() AND state_change < clock_timestamp() - interval '0.1 s'";
  for (;;) {
    await node.pause();
    if (queryRows(node.storeUrl, staysInOne)[0][0] === '0') return;
    node.resume();
  }
}

/** Holds a room's lock in a transaction of its own, until the answer is called. */
export async function holdRoom(url, roomId) {
  const session = spawn('psql', ['-X', '-q', '-A', '-t', '-d', url], { stdio: ['pipe', 'pipe', 'inherit'] });
  session.stdin.write(`BEGIN; SELECT 1 FROM tb_room_position WHERE room_id = '${roomId}' FOR UPDATE;\n`);
  await once(session.stdout, 'data');
  return () => session.stdin.end('ROLLBACK;\n');
}
