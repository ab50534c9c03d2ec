// How frames leave is chosen at start, and the log says which way it is.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runParleyd, startParleyd } from '../support/parleyd.mjs';

describe('net.send', () => {
  for (const [setting, said] of [
    ['plain', /Frames leave by plain system calls\.\n/],
    ['auto', /Frames leave by io_uring\.\n|Frames leave by plain system calls\. io_uring does not work here \(.+\)/],
  ])
    test(`${setting}: the log says how frames leave`, async () => {
      const node = await startParleyd({ set: { 'net.send': setting } });
      await node.stop();
      assert.equal(node.logs().match(/send_way/g)?.length, 1, 'once');
      assert.match(node.logs(), said);
    });

  test('another way is refused, and the choices are named', async () => {
    const { code, output } = await runParleyd({ set: { 'net.send': 'pigeon' } });
    assert.ok(code > 0, `${code}`);
    assert.match(output, /net\.send.*auto.*uring.*plain/s);
  });
});
