// By which of its frames scripts/profile.mjs tells what a sample of the server's CPU was spent on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costIn, countParts, partOf } from '../../scripts/profile.mjs';

// As perf prints them: a name and the file it is in.
const inKernel = (...names) => names.map((name) => `${name} ([kernel.kallsyms])`);
const [received, sent] = [['tcp_v4_rcv', 'net_rx_action'], ['__tcp_transmit_skb', 'tcp_write_xmit']];
const send = inKernel(...received, ...sent, 'tcp_sendmsg', '__sys_sendto');
const worker = [
  'caf::scheduled_actor::consume(caf::mailbox_element&) (/usr/lib/x86_64-linux-gnu/libcaf_core.so.0.17.6)',
  'caf::scheduler::worker<parley::run_next_policy>::run() (/opt/parleyd)',
];

test('a send is told by what it does below tcp_sendmsg', () => {
  assert.equal(partOf([...inKernel('sock_def_readable'), ...send]), 'send: telling the receiver');
  assert.equal(partOf(send), "send: the receiver's side, done here by loopback");
  assert.equal(partOf(send.slice(2)), 'send: TCP, IP and the device');
  assert.equal(partOf(send.slice(4)), 'send: the call and the copy');
  assert.equal(partOf(inKernel('fput', '__x64_sys_sendto')), 'send: the call and the copy');
  assert.equal(partOf(['__libc_send (/usr/lib/x86_64-linux-gnu/libc.so.6)']), 'send: the call and the copy');
});

test('a send that waits is a send, and a commit that waits a commit', () => {
  assert.equal(partOf(inKernel('schedule', 'tcp_sendmsg', '__x64_sys_io_uring_enter')), 'send: the call and the copy');
  assert.equal(partOf(inKernel('__schedule', 'schedule', '__x64_sys_fdatasync')), 'commit: SQLite, files, fdatasync');
});

test('waking is told from waiting, and for whom', () => {
  assert.equal(partOf(inKernel('ep_modify', 'do_epoll_ctl')), 'waking an I/O thread');
  assert.equal(partOf(inKernel('schedule', 'do_epoll_wait')), 'waiting: an I/O thread for sockets and work');
  assert.equal(partOf(inKernel('try_to_wake_up', 'futex_wake')), 'waking a worker or a storage thread');
  assert.equal(partOf(inKernel('schedule', 'futex_wait')), 'waiting: workers and storage threads');
  assert.equal(partOf(inKernel('syscall_exit_to_user_mode')), 'entering and leaving the kernel');
});

test('what runs on a scheduler thread is what is innermost', () => {
  assert.equal(partOf(worker), 'CAF');
  assert.equal(partOf(['parley::room::post (/opt/parleyd)', ...worker]), 'rooms and sessions');
  assert.equal(partOf(['operator delete (/usr/lib/libjemalloc.so.2)', ...worker]), 'allocating and copying');
  assert.equal(partOf(['parley::outbox::push (/opt/parleyd)']), 'shards');
  assert.equal(partOf(['somewhere (/opt/parleyd)']), 'the rest');
});

test('the samples of perf script are counted once each', async () => {
  const sample = (...frames) => ['parleyd ', ...frames.map((frame) => `\tffffffff8220 ${frame}`), ''];
  const [known, other] = [sample(...inKernel('tcp_sendmsg')), sample('somewhere (/opt/parleyd)')];
  const counts = await countParts([...known, ...other, '', ...known]);
  assert.deepEqual([...counts], [['send: the call and the copy', 2], ['the rest', 1]]);
});

test('what a measurement counts is said with its cost', () => {
  assert.equal(costIn({ rows: [{ cpu_us: 3 }] }).of, 'message');
  assert.equal(costIn({ server_cpu_us: 2 }).cpu_us, 2);
  assert.throws(() => costIn({}), /says nothing/);
});
