/** What may be done about an error of opening a model, beyond trying again. */
import type { ErrorReport } from '../../../../probes/lab-error.ts';
import type { Input } from '../../../../electron/rpc/contract.ts';

export type OpenWith = Omit<Input<'models.inspect'>, 'source'>;

export interface WayOut {
  readonly title: string;
  readonly with: OpenWith;
}

export function wayOutOf(error: ErrorReport): WayOut | null {
  if (error.code === 'model-too-large') return { title: 'Open anyway', with: { insist: true } };
  if (error.code === 'device-unavailable') return { title: 'Open on any device', with: { device: 'auto' } };
  return null;
}
