/** Messages between the lab and an engine process, over Node's channel with structured cloning (NaN and typed arrays survive). */
import type { ErrorReport } from '../../probes/lab-error.ts';
import type { GenerateRequest, ModelRequest } from '../../probes/request.ts';
import type { Sampling } from '../generate.ts';
import type { HiddenRequest } from '../language-model.ts';

export type EngineCall =
  | { readonly call: 'open'; readonly source: string; readonly threads: number }
  | { readonly call: 'answer'; readonly requests: readonly ModelRequest[] }
  | { readonly call: 'generate'; readonly request: GenerateRequest; readonly sampling: Sampling }
  | { readonly call: 'hiddenStates'; readonly requests: readonly HiddenRequest[] };

export type ToEngine =
  { readonly type: 'call'; readonly id: number; readonly body: EngineCall } | { readonly type: 'cancel'; readonly id: number };

export type FromEngine =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorReport }
  | { readonly type: 'text'; readonly id: number; readonly text: string };
