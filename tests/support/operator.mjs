// What an operator does with parleyctl, for tests.
import assert from 'node:assert/strict';
import { freePort, Parleyd } from './parleyd.mjs';
import { newDatabase, postgresInUse } from './postgres.mjs';

/** Runs parleyctl and asserts how it fails: with that exit code, a word on stderr that fits, and nothing else. */
export async function expectFailure(node, code, word, args, input = '') {
  const ended = await node.parleyctl(args, input);
  assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
  assert.match(ended.stderr, word);
  assert.equal(ended.stdout, '');
}

/** Makes a user as `login` expects it. */
export const createUser = (node, username, ...more) =>
  node.operate(
    ['user', 'create', '--username', username, '--password-stdin', ...more],
    `password of ${username}\n`,
  );

/** A node that is yet to be started; its store is empty. */
export async function unstartedNode(options = {}) {
  const node = new Parleyd(options);
  node.port = await freePort();
  node.hasOwnDatabase = postgresInUse;
  if (postgresInUse) node.storeUrl = newDatabase();
  return node;
}
