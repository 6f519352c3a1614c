/** The small lab in a process of its own, its one client at the other end of the ipc channel. */
import { serve } from '../rpc/serve.ts';
import { overProcess } from '../rpc/wires.ts';
import { smallLab } from './small-lab.ts';

serve(overProcess(process), smallLab());
process.on('disconnect', () => process.exit(0));
