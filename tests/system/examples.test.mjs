// The scripts of docs/examples do what they say, against a real server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createUser } from '../support/operator.mjs';
import { repository, startParleyd } from '../support/parleyd.mjs';

const folder = path.join(repository, 'docs/examples');

/** What each must have shown, in this order. */
const shows = {
  'account.sh': ['"token"', '"Ada Lovelace"', '"is_current":true', '"code":"unauthenticated"'],
  'errors.sh': ['"code":"unauthenticated"', 'unauthenticated · Parley', '"code":"bad_request"', 'username'],
  'files.sh': [
    '"content_type":"text/plain', '"code":"not_found"', '"duplicate":false', 'Meet me at the lighthouse at eight.',
    '206 Partial Content', 'bytes 15-24/35', '\r\n\r\nlighthouse\n',
    '"expires_at"', 'Meet me at the lighthouse at eight.', '"deleted_at"', '"code":"not_found"', '"code":"not_found"',
    '"old.txt"', '"used_bytes"', '"code":"not_found"',
  ],
  'friends.sh': ['"pending"', '"accepted"', '"is_online":true', '"blocked"', '"code":"forbidden"'],
  'messages.sh': ['"duplicate":false', '"duplicate":true', '"edited_at"', '👍', '"unread":0', '"message_deleted"'],
  'moderation.sh': [
    '"duplicate":false', '"until"', '"code":"forbidden"', '"slow_mode_seconds":30', '"duplicate":false',
    '"code":"rate_limited"', '"reason":"spam"', '"Adverts again"', '"removing_messages":false',
    '"content":null', '"content":null', '"code":"not_found"', '"code":"forbidden"', '"joined_at"',
    '"content":"Buy my engines"', '"is_deleted":true', '"content":null', '"status":"acted"', '"status":"acted"',
  ],
  'rooms.sh': ['"items"', '"Lobby"', '"joined_at"', '"Entrance hall"', '"is_group":false', '"last_read_seq"'],
  'search.sh': [
    'waved"', 'lighthouse café"', '"next_cursor":null', 'cake', 'waved"', 'lighthouse café"', '"next_cursor":null',
    'lighthouse café"', '\n{"text":"lighthouse","is_hit":true}\n', '\n{"text":"café","is_hit":true}\n',
    'cake', 'waved"', '"next_cursor":"', 'lighthouse café"', '"next_cursor":null',
    '"edited_at"', '{"text":"windmill","is_hit":true}', '"items":[]',
  ],
};

let parley, moderator;
before(async () => {
  parley = await startParleyd();
  await createUser(parley, 'maude', '--role', 'moderator');
  moderator = 'maude:password of maude';
});
after(() => parley?.stop());

test('every script of docs/examples is tried here', () => {
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.sh') && name !== 'common.sh');
  assert.deepEqual(scripts.sort(), Object.keys(shows).sort());
});

/** Runs a script to its end, which must be a good one; answers all that it has shown. */
async function run(name, more) {
  // Both of its outputs by one pipe, so that they keep their order.
  const env = { ...process.env, BASE: parley.url, ...more };
  const script = spawn('bash', ['-c', '"$0" 2>&1', path.join(folder, name)], { env });
  let shown = '';
  script.stdout.setEncoding('utf8').on('data', (text) => (shown += text));
  const [code] = await once(script, 'close');
  assert.equal(code, 0, shown);
  return shown;
}

for (const [name, parts] of Object.entries(shows)) {
  test(`${name} works`, async () => {
    const shown = await run(name, { MODERATOR: moderator });
    let at = 0;
    for (const part of parts) {
      const found = shown.indexOf(part, at);
      assert.ok(found >= 0, `${part} is missing after ${at} in\n${shown}`);
      at = found + part.length;
    }
  });
}

test('moderation.sh says what it leaves out without a moderator', async () => {
  const shown = await run('moderation.sh', { MODERATOR: '' });
  assert.match(shown, /"joined_at".*\n# What a moderator does is left out: set MODERATOR=/s);
  assert.doesNotMatch(shown, /"status":"/);
});
