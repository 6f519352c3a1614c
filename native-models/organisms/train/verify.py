"""Check the exported ONNX files against Hugging Face's numbers in ../fixtures/forward.json.

Covers the plain pass, a cached continuation, left padding and right padding. `python verify.py`.
"""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
from transformers import AutoTokenizer

from export import NAMES
from world import ORGANISMS

TOLERANCE = 1e-4


class Runner:
    def __init__(self, name: str) -> None:
        self.session = onnxruntime.InferenceSession(str(ORGANISMS / name / "onnx" / "model.onnx"))
        self.past = [i for i in self.session.get_inputs() if i.name.startswith("past_key_values")]

    def __call__(self, ids: np.ndarray, mask: np.ndarray, past: list[np.ndarray] | None = None) -> tuple[np.ndarray, list[np.ndarray]]:
        """ids: [batch, new], mask: [batch, past + new] -> log-probabilities [batch, new, vocabulary] and the cache."""
        past = past or [np.zeros((len(ids), i.shape[1], 0, i.shape[3]), np.float32) for i in self.past]
        positions = np.clip(mask.cumsum(1) - 1, 0, None)[:, -ids.shape[1] :]
        feed = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
        logits, *present = self.session.run(None, feed | {i.name: value for i, value in zip(self.past, past)})
        top = logits.max(-1, keepdims=True)
        return logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True)), present


def worst(logp: np.ndarray, case: dict) -> float:
    """logp: [length, vocabulary]"""
    got = logp[np.arange(len(case["ids"]) - 1), case["ids"][1:]]
    return float(np.abs(got - case["logProbabilities"]).max())


def main() -> None:
    fixtures = json.loads((ORGANISMS / "fixtures" / "forward.json").read_text(encoding="utf-8"))["models"]
    for name in NAMES:
        run, tokenizer = Runner(name), AutoTokenizer.from_pretrained(ORGANISMS / name)
        errors = []
        for case in fixtures[name]:
            ids = np.array([case["ids"]])
            assert tokenizer(case["text"])["input_ids"] == case["ids"], case["text"]
            ones, pad = np.ones_like(ids), np.zeros((1, 3), np.int64)
            errors.append(worst(run(ids, ones)[0][0], case))
            first, cache = run(ids[:, :5], ones[:, :5])
            errors.append(worst(np.concatenate([first, run(ids[:, 5:], ones, cache)[0]], 1)[0], case))
            errors.append(worst(run(np.hstack([pad, ids]), np.hstack([pad, ones]))[0][0, 3:], case))
            errors.append(worst(run(np.hstack([ids, pad]), np.hstack([ones, pad]))[0][0], case))
        print(f"{name}: {len(errors)} passes, largest difference {max(errors):.2e}")
        assert max(errors) < TOLERANCE


if __name__ == "__main__":
    main()
