// A node behind nginx, with what docs/operations.md says for it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exchange, newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';
import { startDocumentedNginx } from '../support/proxies.mjs';

let node, proxy;
before(async () => {
  node = await startParleyd();
  proxy = await startDocumentedNginx(node);
});
after(() => proxy?.stop());
after(() => node?.stop());

test('behind the nginx of operations.md one chats and sends large files', async () => {
  const [ann, bob] = [await newAccount(proxy, 'ann'), await newAccount(proxy, 'bob')];
  const room = await ann.group('behind a proxy', [bob]);
  const his = await bob.connect();
  const content = Buffer.alloc(3_000_000, 'x');
  const { file_url } = await ann.call('POST', '/files?name=x.txt', {
    body: content,
    headers: { 'Content-Type': 'text/plain' },
    expect: 201,
  });
  await ann.post(room, 'a file', { file_url });
  await his.expectFrame('new_message', { content: 'a file' });
  assert.ok((await exchange(proxy, 'GET', file_url, { token: bob.token })).bytes.equals(content));
  assert.equal((await exchange(proxy, 'GET', '/metrics')).status, 404);
  await his.close();
});
