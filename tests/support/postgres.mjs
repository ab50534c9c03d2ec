// Databases of the tests' own on the PostgreSQL server that with_postgres.mjs has started.
import { execFileSync } from 'node:child_process';

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

/** Runs a file of SQL as an operator would. */
export function runSqlFile(url, file, variables = {}) {
  const settings = Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
  return execFileSync('psql', ['-X', '-d', url, '-v', 'ON_ERROR_STOP=1', ...settings, '-f', file], { encoding: 'utf8' });
}
