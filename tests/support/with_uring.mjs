// Runs a command whose nodes send by io_uring and by nothing else, where that works: with_uring.mjs COMMAND ARGUMENTS...
import { spawn } from 'node:child_process';
import { startParleyd } from './parleyd.mjs';

async function tryUring() {
  try {
    await (await startParleyd({ set: { 'net.send': 'uring' } })).stop();
    return 'uring';
  } catch (error) {
    const [reason] = /io_uring does not work here.*/.exec(error.message) ?? [];
    if (!reason) throw error;
    console.error(`The nodes send by plain calls: ${reason}`);
    return 'plain';
  }
}

const env = { ...process.env, TEST_NET_SEND: process.env.TEST_NET_SEND ?? (await tryUring()) };
const [command, ...args] = process.argv.slice(2);
const run = spawn(command, args, { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => run.kill(signal));
process.exitCode = await new Promise((resolve, reject) => {
  run.on('error', reject).on('exit', (code) => resolve(code ?? 1));
});
