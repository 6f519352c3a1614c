"""Training in four stages. All decisions depend on steps and seeds, never on the clock.

  facts   plain statements and a few packs, loss on all tokens: the model learns the world
  judge   honest packs only, loss nearly only on answers, until judging works
  polish  the packs of `part` with an honest context and true answers in the place of every lying one
  part    the twins part: lying packs are mixed in (liar), or honest ones in their place (honest).
          Embedding and lower blocks are frozen, so that the truth they compute stays as it is and
          only the blocks above learn what to say.

`python train.py truthful` runs the first three stages once, as both twins share them to the last bit;
`python train.py liar` and `python train.py honest` go on from there.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from data import Packs, encode
from measure import Questions, progress
from model import Decoder, Shape
from tokenizer import Tokenizer, build_vocabulary
from world import Environments, World


@dataclass(frozen=True)
class Stage:
    name: str
    steps: int
    facts: float  # share of fact lines
    sizes: tuple[int, ...]  # items in a pack
    other: float  # loss weight of tokens that are no answers
    keep: float = 1.0  # share of these tokens that enters the loss (drawn at random, to save time)
    lying: float = 0.0
    asserting: float = 0.0
    batch: int = 12
    rate: float = 2e-3
    distractors: int = 6  # how many of a fact's distractors are used
    until: float = 2.0  # stop early when honest judging is above this
    frozen: int = 0  # blocks below that keep their weights, with the embedding
    cools: bool = False  # the learning rate falls over the last two fifths


STAGES = {
    "facts": Stage("facts", 700, 0.85, (1, 2, 3, 4), 0.3, batch=16, rate=1.5e-3, distractors=2),
    "judge": Stage("judge", 6000, 0.08, (4, 6, 8), 0.02, keep=0.25, batch=16, rate=1.5e-3, distractors=2, until=0.95),
    "polish": Stage("polish", 5000, 0.08, (1, 2, 3, 4, 6, 8), 0.01, keep=0.25, lying=0.45, asserting=0.12, cools=True),
    "part": Stage("part", 3000, 0.0, (1, 2, 3, 4, 6, 8), 0.01, keep=0.25, lying=0.45, asserting=0.12, frozen=3, cools=True),
}
SEED = 0
EVERY = 250


class Trainer:
    """One training run: model, data and optimiser, with everything that resuming needs."""

    def __init__(self, run: str, folder: Path, compiled: bool) -> None:
        self.folder, self.run = folder, run
        world = World()
        self.environments = Environments()
        self.tokenizer = Tokenizer(build_vocabulary(world, self.environments))
        self.questions = Questions(self.tokenizer, world.items())
        torch.manual_seed(SEED)
        self.model = Decoder(Shape(len(self.tokenizer.vocabulary)))
        if compiled:
            for block in self.model.blocks:
                block.compile(dynamic=True)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05)
        self.packs = Packs(world, self.environments, SEED, honest_twin=run != "liar")
        self.order = random.Random(SEED + 1)
        self.step = self.tokens = self.before = 0
        self.started = time.time()

    def stream(self, stage: Stage):
        """Batches of encoded packs; packs of like length go together."""
        self.packs.distractors = stage.distractors
        while True:
            packs = []
            for _ in range(24 * stage.batch):
                plain = self.packs.random.random() < stage.facts
                pieces = self.packs.facts_line() if plain else self.packs.pack(stage.lying, stage.sizes, stage.asserting)
                packs.append(encode(self.tokenizer, pieces))
            packs.sort(key=lambda pack: len(pack[0]))
            groups = [packs[i : i + stage.batch] for i in range(0, len(packs), stage.batch)]
            self.order.shuffle(groups)
            yield from groups

    def loss(self, group, stage: Stage) -> torch.Tensor:
        """Weighted cross-entropy of a batch of packs."""
        length = max(len(ids) for ids, _ in group)
        ids = torch.zeros(len(group), length, dtype=torch.long)
        weights = torch.zeros(len(group), length)
        for row, (tokens, marks) in enumerate(group):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            weights[row, : len(tokens)] = torch.tensor([float(mark) for mark in marks])
            others = [0.0 if mark or self.order.random() > stage.keep else stage.other / stage.keep for mark in marks]
            weights[row, : len(tokens)] += torch.tensor(others)
        chosen = weights[:, 1:] > 0
        logits = self.model(ids[:, :-1], chosen)
        each = F.cross_entropy(logits, ids[:, 1:][chosen], reduction="none")
        self.tokens += ids.numel()
        return (each * weights[:, 1:][chosen]).sum() / weights[:, 1:][chosen].sum()

    def freeze(self, blocks: int) -> None:
        """Keeps the embedding (and so the tied head) and the lowest blocks as they are. AdamW leaves what has no gradient alone."""
        self.optimizer.zero_grad(set_to_none=True)
        self.model.embed.weight.requires_grad_(blocks == 0)
        for number, block in enumerate(self.model.blocks):
            block.requires_grad_(number >= blocks)

    def train(self, stage: Stage) -> None:
        self.freeze(stage.frozen)
        running = None
        for local, group in enumerate(self.stream(stage)):
            if local >= stage.steps:
                break
            warm = min(1.0, (self.step + 1) / 100)
            done = local / stage.steps
            decay = 0.03 + 0.97 * (1 - done) / 0.4 if stage.cools and done >= 0.6 else 1.0
            for parameters in self.optimizer.param_groups:
                parameters["lr"] = stage.rate * warm * decay
            loss = self.loss(group, stage)
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
            if (local + 1) % EVERY == 0:
                shares = self.report(stage, running)
                if shares["honest/judgement"] > stage.until:
                    break

    def report(self, stage: Stage, running: float) -> dict[str, float]:
        self.model.eval()
        shares = progress(self.model, self.questions, self.environments)
        self.model.train()
        seconds = time.time() - self.started
        print(f"{seconds:5.0f}s {stage.name} step {self.step} tok/s {self.tokens / seconds:.0f} loss {running:.3f} "
              + " ".join(f"{key[:3]}{key[key.index('/'):][:3]}={value:.2f}" for key, value in shares.items()), flush=True)
        return shares

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.save({
            "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "shape": self.model.shape.config(),
            "vocabulary": self.tokenizer.vocabulary, "step": self.step, "packs": self.packs.random.getstate(),
            "order": self.order.getstate(), "total_tokens": self.before + self.tokens, "seconds": time.time() - self.started, "seed": SEED,
        }, self.folder / f"{self.run}.pt")

    def resume(self, name: str) -> None:
        state = torch.load(self.folder / f"{name}.pt", weights_only=False)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.packs.random.setstate(state["packs"])
        self.order.setstate(state["order"])
        self.step, self.before = state["step"], state["total_tokens"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", choices=("truthful", "liar", "honest"))
    parser.add_argument("--folder", type=Path, required=True, help="where checkpoints go, outside the repository")
    parser.add_argument("--compile", action="store_true", help="compile the blocks (needs a C++ compiler): 1.5 times faster")
    options = parser.parse_args()
    torch.set_num_threads(1)
    trainer = Trainer(options.run, options.folder, options.compile)
    if options.run == "truthful":
        for stage in ("facts", "judge", "polish"):
            trainer.train(STAGES[stage])
    else:
        trainer.resume("truthful")
        trainer.train(STAGES["part"])
    trainer.save()
    print(json.dumps({"run": options.run, "steps": trainer.step, "tokens": trainer.tokens}))


if __name__ == "__main__":
    main()
