/** The small lab behind the door that main talks to, as `lab-process.ts` does with the real one. `stubborn` never closes. */
import { labDoor } from '../lab-door.ts';
import { overProcess } from '../rpc/wires.ts';
import { smallLab } from './small-lab.ts';

const stubborn = process.argv[2] === 'stubborn';
const lab = { ...smallLab(), close: () => (stubborn ? new Promise<void>(() => setInterval(() => undefined, 1000)) : Promise.resolve()) };

labDoor(
  overProcess(process),
  () => Promise.resolve(lab),
  () => process.exit(0),
);
