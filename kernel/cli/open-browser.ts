/** Opens a page in the operator's browser; says nothing when there is none. */
import { spawn } from 'node:child_process';

export function openBrowser(url: string): Promise<void> {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  return new Promise((done) => {
    const child = spawn(command, [url], { stdio: 'ignore', detached: true });
    child.on('error', () => done());
    child.on('spawn', () => {
      child.unref();
      done();
    });
  });
}
