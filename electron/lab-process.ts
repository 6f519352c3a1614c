/**
 * The process that main spawns: plain Node, never Electron. It owns the database, the queue and the processes that run
 * models; nothing native is loaded on the other side of its channel.
 */
import { labDoor } from './lab-door.ts';
import { openLab } from './lab/lab.ts';
import { overProcess } from './rpc/wires.ts';

// Ctrl-C in a terminal reaches every process of the group; main decides when this one ends.
process.on('SIGINT', () => undefined);

labDoor(
  overProcess(process),
  () => openLab({ shell: 'electron' }),
  () => process.exit(0),
);
