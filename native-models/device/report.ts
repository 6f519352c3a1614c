/** What became of the choice of a device: shown with the model, stored with every run. */
import type { Deviation } from './deviation.ts';
import type { Device, DeviceChoice } from './devices.ts';
import type { Fallback } from './profile.ts';

export interface DeviceReport extends Trial {
  readonly asked: DeviceChoice;
  readonly used: Device;
  /** Devices that `auto` passed over before it came to this one, and why. */
  readonly tried: readonly { readonly device: Device; readonly error: string }[];
}

/** What a few inputs of the model showed. */
export interface Trial {
  /** Operators that ran on the processor although another device was used; empty on the processor itself. */
  readonly fallback: readonly Fallback[];
  /** From the processor, on the same inputs; null on the processor itself. */
  readonly deviation: Deviation | null;
  /** Milliseconds of a run on those inputs, after a first one; null on the processor itself. */
  readonly time: { readonly device: number; readonly cpu: number } | null;
}

export const onProcessor: Trial = { fallback: [], deviation: null, time: null };
