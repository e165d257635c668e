import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** A Redis of its own, which keeps nothing. */
export async function startRedis() {
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
  const child = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const data of child.stdout) if (String(data).includes('Ready to accept')) break;
  return { address: `127.0.0.1:${port}`, stop: () => child.kill('SIGKILL') };
}
