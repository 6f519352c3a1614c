/** Starts the lab's process under plain Node. */
import { spawn, type ChildProcess } from 'node:child_process';

/** Variables that would change how Node itself starts; whoever can set them for Electron must not reach the lab through it. */
const withheld = ['ELECTRON_RUN_AS_NODE', 'ELECTRON_NO_ASAR', 'NODE_OPTIONS', 'NODE_CHANNEL_FD'];

export function spawnLab(node: string, script: string): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !withheld.includes(name.toUpperCase())));
  // stdin is not shared: a terminal's keys are for the program that the user started.
  return spawn(node, [script], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], windowsHide: true });
}
