// Where parleyd's CPU goes under a load: `perf record` on the node that a measurement starts, by parts. Usage:
//   node scripts/profile.mjs [--after S] [--for S] parley-bench fanout --pin --alone --seconds 9 --json
// The command must start the only parleyd of this machine and print JSON. It is run twice: once as it is, for what it
// says of the server's CPU, since sampling costs some itself; and once more for the samples, from --after on (6 s),
// which must lie within the measured time. Prints JSON, so that bench_history.mjs can keep it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const any = (pattern) => (frames) => frames.some((frame) => pattern.test(frame));
const innermost = (pattern) => (frames) => pattern.test(frames[0]);
const ofKernel = any(/^(tcp_sendmsg|(__)?sock_sendmsg|inet_sendmsg|(__x64|_*)_?sys_send\w+|io_send(msg)?)\b/);
const ofLibrary = innermost(/^(__libc_|__)?send(msg|to)? /);
const isSend = (frames) => ofKernel(frames) || ofLibrary(frames);
const ofSend = (pattern) => (frames) => isSend(frames) && any(pattern)(frames);

/** The first that fits a sample's frames, innermost first, is its part. Each frame is a name, a space and its file. */
export const parts = [
  ['send: telling the receiver', ofSend(/^(sock_def_readable|ep_poll_callback|try_to_wake_up|__wake_up)/)],
  ["send: the receiver's side, done here by loopback", ofSend(/^(net_rx_action|__netif_receive_skb|tcp_v4_rcv)/)],
  ['send: TCP, IP and the device', ofSend(/^(__tcp_transmit_skb|tcp_write_xmit|__tcp_push|tcp_push)/)],
  ['send: the call and the copy', isSend],
  ['io_uring itself', any(/io_uring_enter|io_submit_sqes|liburing/)],
  ['commit: SQLite, files, fdatasync', any(/fdatasync|pwrite64|pread64|libsqlite|sys_fcntl/)],
  ['receive', any(/^(__sys_recv|tcp_recvmsg|__x64_sys_recv|__libc_recv)/)],
  // Asio's interrupter is a descriptor that is always ready and is armed anew.
  ['waking an I/O thread', any(/epoll_ctl|ep_modify|eventfd_write|ksys_write|vfs_write/)],
  ['waiting: an I/O thread for sockets and work', any(/epoll_wait|^ep_poll\b|timerfd|eventfd_read|ksys_read/)],
  ['waking a worker or a storage thread', any(/futex_wake|pthread_cond_(signal|broadcast)/)],
  ['waiting: workers and storage threads', any(/^(__)?schedule(_\w+)?\b|futex|pthread_cond_\w*wait|sys_poll\b/)],
  ['entering and leaving the kernel', innermost(/^(entry_SYSCALL|syscall_|do_syscall_64)/)],
  ['libpq', any(/libpq|^PQ[a-z]|postgres_/)],
  ['words for the search index', any(/words_of|utf8proc|search_words|folded/)],
  ['shards', innermost(/delivery_shard|outbound_layer|outbox|room_table|(uring|frame)_sender|shard_queue|ring::send/)],
  ['allocating and copying', innermost(/libjemalloc|libc\.so|libstdc|operator new|malloc|free/)],
  ['CAF', innermost(/libcaf|caf::/)],
  ['encoding and parsing', innermost(/json|simdjson|encode/)],
  ['rooms and sessions', innermost(/room_|session|parley::/)],
  ['Asio and Beast', innermost(/boost/)],
];

export const partOf = (frames) => parts.find(([, fits]) => fits(frames))?.[0] ?? 'the rest';

/** Counts the samples of `perf script` by part; `lines` may be asynchronous. */
export async function countParts(lines) {
  const counts = new Map();
  let frames = [];
  const take = () => {
    if (frames.length > 0) counts.set(partOf(frames), (counts.get(partOf(frames)) ?? 0) + 1);
    frames = [];
  };
  for await (const line of lines) {
    if (line.trim() === '') take();
    else if (/^\s+[0-9a-f]+ /.test(line)) frames.push(line.trim().replace(/^[0-9a-f]+ /, ''));
  }
  take();
  return counts;
}

/** What the measurement counts, and what one costs the server and its database in microseconds of CPU. */
export function costIn(report) {
  const [row] = report.rows ?? [];
  if (row) return { of: 'message', cpu_us: row.cpu_us, database_cpu_us: row.database_cpu_us, batch: row.batch };
  const { server_cpu_us: cpu_us, database_cpu_us, messages_per_commit: batch } = report;
  if (cpu_us === undefined) throw new Error('the measurement says nothing of the CPU of the server');
  return { of: 'delivery to a member, acks not counted', cpu_us, database_cpu_us, batch };
}

/** Starts a program; `said` is what it prints, when it has ended well. 1: a goal was missed. */
async function start(program, words, expected = [0]) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  const ended = once(child, 'close').then(([code]) => {
    if (!expected.includes(code)) throw new Error(`${program} ended with ${code}`);
  });
  const said = Promise.all([text(child.stdout), ended]).then(([all]) => all);
  return { child, said, isOver: () => child.exitCode !== null };
}

const run = async (program, words, expected) => (await start(program, words, expected)).said;

async function sample(command, seconds, data) {
  const { child, said, isOver } = await start(command[0], command.slice(1), [0, 1]);
  said.catch(() => {}); // awaited below
  try {
    await pause(seconds['--after'] * 1000);
    const node = (await run('pgrep', ['-x', 'parleyd'], [0, 1])).trim();
    if (isOver() || !/^\d+$/.test(node)) throw new Error(`one parleyd must run under the measurement, not "${node}"`);
    const what = ['-F', '4999', '-g', '-p', node, '-o', data];
    await run('perf', ['record', '--quiet', ...what, '--', 'sleep', String(seconds['--for'])]);
    if (isOver()) throw new Error('the measurement was over before the samples were taken');
    await said;
  } finally {
    if (!isOver()) child.kill('SIGTERM');
    await said.catch(() => {});
  }
}

async function main(words) {
  const seconds = { '--after': 6, '--for': 5 };
  for (; Object.hasOwn(seconds, words[0]); words = words.slice(2)) seconds[words[0]] = Number(words[1]);
  if (words.length === 0 || !Object.values(seconds).every(Number.isFinite))
    throw new Error('usage: profile.mjs [--after S] [--for S] COMMAND…');
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-profile-'));
  try {
    const cost = costIn(JSON.parse(await run(words[0], words.slice(1), [0, 1])));
    const data = path.join(folder, 'data');
    await sample(words, seconds, data);
    const print = ['script', '-i', data, '-F', 'comm,ip,sym,dso'];
    const script = spawn('perf', print, { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(script, 'spawn');
    const counts = await countParts(createInterface({ input: script.stdout }));
    const samples = [...counts.values()].reduce((sum, count) => sum + count, 0);
    if (samples === 0) throw new Error('there are no samples');
    const rows = [...counts].sort(([, one], [, other]) => other - one);
    const rounded = (value, digits) => Number(value.toFixed(digits));
    const found = rows.map(([part, count]) => {
      const share = count / samples;
      return { part, share: rounded(share, 4), us: rounded(cost.cpu_us * share, 3) };
    });
    console.log(JSON.stringify({ command: words.join(' '), samples, ...cost, parts: found }, null, 1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
