"""The rival: Hugging Face transformers on PyTorch, on the same weights and the same processor threads.

Reads one JSON request a line, answers with one JSON line: {"ms": …, "value": …}. Started by torch.ts.
"""

import json
import resource
import sys
import time

import torch
from transformers import AutoModelForCausalLM

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@torch.inference_mode()
def hidden(rows, batch):
    """All hidden states of all positions of all texts, in batches as the texts come, padded to the longest of each."""
    total = 0.0
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        width = max(len(r) for r in part)
        ids = torch.tensor([r + [0] * (width - len(r)) for r in part])
        mask = torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in part])
        out = model.model(ids, attention_mask=mask, output_hidden_states=True, use_cache=False)
        total += float(sum(h[0, -1, 0] for h in out.hidden_states))
    return total


@torch.inference_mode()
def choices(prefix, continuations):
    """lm-evaluation-harness' way: every continuation behind the whole prefix, full logits, log-softmax."""
    rows = [prefix + c for c in continuations]
    width = max(len(r) for r in rows)
    padded = torch.tensor([r + [0] * (width - len(r)) for r in rows])
    logp = model(padded, use_cache=False).logits.log_softmax(-1)
    return [[float(logp[i, len(prefix) - 1 + j, t]) for j, t in enumerate(c)] for i, c in enumerate(continuations)]


print(json.dumps({"ready": True, "torch": torch.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    begun = time.perf_counter()
    value = hidden(request["rows"], request["batch"]) if request["what"] == "hidden" else choices(request["prefix"], request["continuations"])
    took = (time.perf_counter() - begun) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"ms": took, "value": value, "peak": peak}), flush=True)
