// Databases of the tests' own on the PostgreSQL server that with_postgres.mjs has started.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { deadlineMs } from './end_of_tests.mjs';

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

/** By which a node's sessions and its line in the store are told from those of its companions. */
function ownNameOf(node) {
  const name = node.options.set['node.name'];
  if (!name) throw new Error('give the node a node.name of its own');
  return name;
}

/** Stops a node that is in no transaction: the locks of one would keep its companions waiting for as long as it stands. */
export async function pauseBetweenTransactions(node) {
  // What the server was doing for it at the stop is done by then, or holds locks still.
  const underWay =
    "SELECT pg_sleep(0.1); SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle'" +
    ` AND datname = current_database() AND application_name LIKE 'parleyd ${ownNameOf(node)} %'`;
  const end = Date.now() + deadlineMs;
  for (;;) {
    await node.pause();
    if (queryRows(node.storeUrl, underWay)[0][0] === '0') return;
    node.resume();
    if (Date.now() > end) throw new Error('it never came: a moment without a transaction of the node');
    await pause(15);
  }
}

/** When the node last said in the store that it is there, or a little before that, as performance.now() counts. */
export function lastWordOf(node) {
  const age = 'extract(epoch FROM clock_timestamp() - heartbeat_at) * 1000';
  for (;;) {
    const asked = performance.now();
    const [[ms]] = queryRows(node.storeUrl, `SELECT ${age} FROM tb_node WHERE name = '${ownNameOf(node)}'`);
    if (performance.now() - asked < 200) return asked - Number(ms);
  }
}

/** Holds a room's lock in a transaction of its own, until the answer is called, which may be done twice. */
export async function holdRoom(url, roomId) {
  const session = spawn('psql', ['-X', '-q', '-A', '-t', '-d', url], { stdio: ['pipe', 'pipe', 'inherit'] });
  session.stdin.write(`BEGIN; SELECT 1 FROM tb_room_position WHERE room_id = '${roomId}' FOR UPDATE;\n`);
  await once(session.stdout, 'data');
  const ended = once(session, 'close');
  return () => {
    if (!session.stdin.writableEnded) session.stdin.end('ROLLBACK;\n');
    return ended;
  };
}
