// By which of its frames scripts/profile.mjs tells what a sample of the server's CPU was spent on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countParts, partOf } from '../../scripts/profile.mjs';

const kernel = ['tcp_v4_rcv', 'net_rx_action', '__tcp_transmit_skb', 'tcp_write_xmit', 'tcp_sendmsg', '__sys_sendto'];

test('a send is told by what it does below tcp_sendmsg', () => {
  assert.equal(partOf(['sock_def_readable', ...kernel]), 'send: telling the receiver');
  assert.equal(partOf(kernel), "send: the receiver's side, done here by loopback");
  assert.equal(partOf(kernel.slice(2)), 'send: TCP, IP and the device');
  assert.equal(partOf(kernel.slice(4)), 'send: the call and the copy');
});

test('a send within a commit or a wait is a send, and what nothing fits is the rest', () => {
  assert.equal(partOf(['schedule', 'tcp_sendmsg', 'io_uring_enter']), 'send: the call and the copy');
  assert.equal(partOf(['schedule', 'fdatasync']), 'commit: SQLite, files, fdatasync');
  assert.equal(partOf(['schedule', 'do_futex']), 'waiting: workers and storage threads');
  assert.equal(partOf(['je_free (/usr/lib/libjemalloc.so.2)', 'parley::room::post']), 'allocating and copying');
  assert.equal(partOf(['somewhere']), 'the rest');
});

test('the samples of perf script are counted once each', async () => {
  const sample = (...frames) => ['parleyd ', ...frames.map((frame) => `\tffffffff8220 ${frame}`), ''];
  const lines = [...sample('tcp_sendmsg'), ...sample('somewhere'), '', ...sample('tcp_sendmsg')];
  assert.deepEqual([...(await countParts(lines))], [['send: the call and the copy', 2], ['the rest', 1]]);
});
