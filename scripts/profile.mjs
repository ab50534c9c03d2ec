// Where parleyd's CPU goes under a load: `perf record` on the node that a measurement starts, by parts. Usage:
//   node scripts/profile.mjs [--after S] [--for S] build/release/bin/parley-bench fanout --pin --alone --json
// The command must start the only parleyd of this machine and print JSON; what it says of the server's CPU for a
// delivery (or a message) is divided among the parts. Prints JSON, so that bench_history.mjs can keep it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const any = (pattern) => (frames) => frames.some((frame) => pattern.test(frame));
const innermost = (pattern) => (frames) => pattern.test(frames[0]);
const isSend = any(/\b(tcp_sendmsg|sock_sendmsg|inet_sendmsg|____sys_sendmsg|__sys_sendto|io_send|io_sendmsg)\b/);
const ofSend = (pattern) => (frames) => isSend(frames) && any(pattern)(frames);

/** The first that fits a sample's frames, innermost first, is its part. */
export const parts = [
  ['send: telling the receiver', ofSend(/\b(sock_def_readable|ep_poll_callback|try_to_wake_up|__wake_up)/)],
  ["send: the receiver's side, done here by loopback", ofSend(/\b(net_rx_action|__netif_receive_skb|tcp_v4_rcv)/)],
  ['send: TCP, IP and the device', ofSend(/\b(__tcp_transmit_skb|tcp_write_xmit|tcp_push)/)],
  ['send: the call and the copy', isSend],
  ['io_uring itself', any(/io_uring_enter|io_submit_sqes|liburing/)],
  ['commit: SQLite, files, fdatasync', any(/fdatasync|pwrite64|pread64|libsqlite|sys_fcntl/)],
  ['receive', any(/__sys_recvfrom|tcp_recvmsg|sys_recvmsg|__libc_recv/)],
  ['waiting: an I/O thread for sockets and work', any(/epoll_wait|ep_poll\b|epoll_ctl|timerfd/)],
  ['waking an I/O thread', any(/eventfd|ksys_write|vfs_write|sys_read\b|ksys_read|vfs_read/)],
  ['waking a worker or a storage thread', any(/futex_wake|pthread_cond_(signal|broadcast)/)],
  ['waiting: workers and storage threads', any(/futex|schedule|pthread_cond|do_idle|hrtimer|sys_poll/)],
  ['libpq', any(/libpq|PQ[a-z]|postgres_/)],
  ['words for the search index', any(/words_of|utf8proc|search_words|folded/)],
  ['shards', innermost(/delivery_shard|outbound_layer|outbox|room_table|_sender|shard_queue|ring::send/)],
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

/** The server's CPU for one of what the measurement counts, in microseconds. */
const costIn = (report) => report.server_cpu_us ?? report.rows?.[0]?.cpu_us ?? report.rows?.[0]?.server_cpu_us ?? null;

async function main(words) {
  const seconds = { '--after': 6, '--for': 5 };
  for (; words[0] in seconds; words = words.slice(2)) seconds[words[0]] = Number(words[1]);
  const [program, ...rest] = words;
  if (!program) throw new Error('usage: profile.mjs [--after S] [--for S] COMMAND…');
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-profile-'));
  try {
    const measurement = spawn(program, rest, { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    measurement.stdout.on('data', (part) => (said += part));
    const ended = new Promise((resolve) => measurement.on('close', resolve));
    await pause(seconds['--after'] * 1000);
    const node = spawnSync('pgrep', ['-x', 'parleyd'], { encoding: 'utf8' }).stdout.trim();
    if (!/^\d+$/.test(node)) throw new Error(`one parleyd must run, not "${node}"`);
    const data = path.join(folder, 'data');
    const record = ['record', '-F', '4999', '-g', '-p', node, '-o', data, '--', 'sleep', String(seconds['--for'])];
    execFileSync('perf', record, { stdio: 'ignore' });
    if ((await ended) !== 0) throw new Error('the measurement failed');
    const print = ['script', '-i', data, '-F', 'comm,ip,sym,dso'];
    const { stdout } = spawn('perf', print, { stdio: ['ignore', 'pipe', 'ignore'] });
    const counts = await countParts(createInterface({ input: stdout }));
    const samples = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const cost = costIn(JSON.parse(said));
    const rows = [...counts].sort(([, one], [, other]) => other - one);
    const share = (count) => Number((count / samples).toFixed(4));
    const us = (count) => (cost === null ? null : Number(((cost * count) / samples).toFixed(3)));
    const found = rows.map(([part, count]) => ({ part, share: share(count), us: us(count) }));
    const profile = { command: [program, ...rest].join(' '), samples, cpu_us: cost, parts: found };
    console.log(JSON.stringify(profile, null, 1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
