/** What a run would cost: counted from its plan, timed on a few of its own items. */
import { seededRandom, shuffled } from '../../probes/numerics/random.ts';
import { reportOf, type ErrorReport } from '../../probes/lab-error.ts';
import { resolveParameters } from '../../probes/parameters.ts';
import { probeNamed } from '../../probes/registry.ts';
import type { ModelReply } from '../../probes/request.ts';
import type { Estimate, RunRequest } from '../rpc/contract.ts';
import { dataFor, loadData } from './data.ts';
import { modelRef, type Engines } from './engines.ts';
import { planItems } from './plan.ts';
import { checkSuits } from './suits.ts';

const sampleItems = 12;

export async function estimateRun(request: RunRequest, engines: Engines, signal: AbortSignal): Promise<Estimate> {
  const probe = probeNamed(request.probe);
  const params = resolveParameters(probe.parameters, request.params ?? {});
  const { dataset } = loadData(dataFor(probe, request.data));
  const total = { items: 0, prompts: 0, tokens: 0, seconds: 0 };
  const perModel: { model: string; seconds: number | null; error: ErrorReport | null }[] = [];
  for (const source of request.models) {
    try {
      const ref = modelRef(source);
      const one = await engines.use(ref.source, signal, async (engine) => {
        checkSuits(probe, ref, engine.description.task);
        const plan = planItems(probe, dataset, params, request.seed ?? 0, request.limit ?? null, engine.description);
        const sample = shuffled(plan, seededRandom(1)).slice(0, sampleItems);
        const requests = sample.flatMap((item) => item.requests);
        // Once to open the graph, once to measure.
        await engine.answer(requests.slice(0, 2), signal);
        const began = performance.now();
        const replies = await engine.answer(requests, signal);
        const seconds = (performance.now() - began) / 1000;
        const tokens = replies.reduce((sum, reply) => sum + tokensOf(reply), 0);
        const scale = plan.length / sample.length;
        return {
          items: plan.length,
          prompts: plan.reduce((sum, item) => sum + item.requests.length, 0),
          tokens: Math.round(tokens * scale),
          seconds: seconds * scale,
        };
      });
      total.items = one.items;
      total.prompts += one.prompts;
      total.tokens += one.tokens;
      total.seconds += one.seconds;
      perModel.push({ model: source, seconds: one.seconds, error: null });
    } catch (thrown) {
      signal.throwIfAborted();
      perModel.push({ model: source, seconds: null, error: reportOf(thrown) });
    }
  }
  return { ...total, perModel };
}

/** Of prompt and answers; images have none. */
function tokensOf(reply: ModelReply): number {
  if (reply.kind === 'classify') return 0;
  const answers = reply.kind === 'score' ? reply.continuations : [reply];
  return reply.promptTokens.length + answers.reduce((sum, { tokens }) => sum + tokens.length, 0);
}
