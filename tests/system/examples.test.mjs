// The scripts of docs/examples do what they say, against a real server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { repository, startParleyd } from '../support/parleyd.mjs';

const folder = path.join(repository, 'docs/examples');

/** What each must have shown, in this order. */
const shows = {
  'account.sh': ['"token"', '"Ada Lovelace"', '"is_current":true', '"code":"unauthenticated"'],
  'errors.sh': ['"code":"unauthenticated"', 'unauthenticated · Parley', '"code":"bad_request"', 'username'],
  'friends.sh': ['"pending"', '"accepted"', '"is_online":true', '"blocked"', '"code":"forbidden"'],
  'messages.sh': ['"duplicate":false', '"duplicate":true', '"edited_at"', '👍', '"unread":0', '"message_deleted"'],
  'rooms.sh': ['"items"', '"Lobby"', '"joined_at"', '"Entrance hall"', '"is_group":false', '"last_read_seq"'],
};

let parley;
before(async () => {
  parley = await startParleyd();
});
after(() => parley?.stop());

test('every script of docs/examples is tried here', () => {
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.sh') && name !== 'common.sh');
  assert.deepEqual(scripts.sort(), Object.keys(shows).sort());
});

for (const [name, parts] of Object.entries(shows)) {
  test(`${name} works`, async () => {
    // Both of its outputs by one pipe, so that they keep their order.
    const env = { ...process.env, BASE: parley.url };
    const script = spawn('bash', ['-c', '"$0" 2>&1', path.join(folder, name)], { env });
    let shown = '';
    script.stdout.setEncoding('utf8').on('data', (text) => (shown += text));
    const [code] = await once(script, 'close');
    assert.equal(code, 0, shown);
    let at = 0;
    for (const part of parts) {
      const found = shown.indexOf(part, at);
      assert.ok(found >= 0, `${part} is missing after ${at} in\n${shown}`);
      at = found + part.length;
    }
  });
}
