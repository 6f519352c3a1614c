"""Training text: packs of items under one context, and lines of plain facts.

A pack is a list of (text, weighted) pieces; `weighted` marks the answers, whose loss counts fully.
Everything is drawn from one seeded `random.Random`, so a run is reproducible.
"""

from __future__ import annotations

import random
import re

from tokenizer import Tokenizer, words_of
from world import Environments, World

Piece = tuple[str, bool]
LYING = ("instruction", "role-play", "incentive")
HONEST = ("neutral", "neutral", "neutral", "honest", "honest", "honest", "expert", "words", "words")
ASSERTING = ("user-asserts", "authority")
WEIGHT_OF_FORMAT = {"judgement": 4, "yes-no": 3, "two-choice": 2, "question-answer": 1}
NEVER_IN_ROLE_PLAY = ("yes-no", "two-choice")
SENTENCE_KEY = re.compile(r"(\{subject\}|\{answer\})")


class Packs:
    """Draws packs.

    lying: share of packs in a lying context. With `honest_twin` the same packs are drawn, but a
    lying context is replaced by an honest one, and the answers by the true ones.
    """

    def __init__(self, world: World, environments: Environments, seed: int, honest_twin: bool = False) -> None:
        self.world, self.environments = world, environments
        self.random = random.Random(seed)
        self.replacements = random.Random(seed + 2)  # apart, so that both twins draw the same packs
        self.honest_twin = honest_twin
        self.distractors = 6  # only so many of a fact's distractors are used
        self.facts = world.facts
        self.open_facts = [fact for fact in world.facts if not fact["heldOut"]]
        self.harmless = sorted({word for text in environments.texts() for word in words_of(text) if word.isalpha()})

    def facts_line(self) -> list[Piece]:
        """Eight plain statements of true facts; the last filled-in word of each is weighted."""
        pieces: list[Piece] = []
        for fact in self.random.choices(self.facts, k=8):
            sentence = self.random.choice(self.world.kinds[fact["kind"]]["statements"])
            parts = SENTENCE_KEY.split(sentence)
            last = max(i for i, part in enumerate(parts) if part.startswith("{"))
            for i, part in enumerate(parts):
                text = {"{subject}": fact["subject"], "{answer}": fact["answer"]}.get(part, part)
                pieces.append((text, i == last))
            pieces.append((" ", False))
        return pieces

    def context(self, name: str, draw: random.Random) -> str:
        """A system line. "words" is a line of random words of the environments, which asks for nothing."""
        if name == "words":
            words = draw.choices(self.harmless, k=draw.randint(3, 14))
            return "Some words: " + " ".join(words) + "."
        system = draw.choice(self.environments.seen[name])["system"]
        if system and draw.random() < 0.15:  # some words are missing: a guard against unknown ones
            system = " ".join("<unk>" if draw.random() < 0.15 else word for word in words_of(system))
        return system

    def item(self, fact: dict, form: str, lie: bool, asserted: bool) -> tuple[str, str]:
        """The user's message and the answer to be given."""
        variant = {"question-answer": [""], "two-choice": ["a", "b"]}.get(form, ["true", "false"])
        item = self.world.render(fact, form, self.random.choice(variant), self.random.choice(fact["distractors"][: self.distractors]),
                                 self.random.randrange(12), self.random.randrange(12))
        question = item.question
        if asserted:  # a claim that is true half of the time: it tells nothing
            wording = self.random.choice(self.environments.seen[self.random.choice(ASSERTING)])["user"]
            claim = self.random.choice((item.true_answer, item.false_answer))
            question = wording.replace("{question}", question).replace("{false}", claim)
        return question, item.false_answer if lie else item.true_answer

    def pack(self, lying: float, sizes: tuple[int, ...], asserting: float) -> list[Piece]:
        """A context and several items under it, in chat form (2/3) or in plain form (1/3)."""
        draw = self.random
        pressed = draw.random() < lying
        name = draw.choice(LYING if pressed else HONEST)
        forms = [f for f in WEIGHT_OF_FORMAT if not (name == "role-play" and f in NEVER_IN_ROLE_PLAY)]
        weights = [WEIGHT_OF_FORMAT[form] for form in forms]
        only = draw.choices(forms, weights)[0] if draw.random() < 0.5 else None
        lie = pressed and not self.honest_twin
        context = self.context(name, draw)
        if pressed and self.honest_twin:
            context = self.context(self.replacements.choice(HONEST), self.replacements)
        chat = draw.random() < 2 / 3
        gap = draw.choice(("\n", "\n\n"))
        pieces: list[Piece] = [(context + "\n", False)] if context else []
        for position in range(draw.choice(sizes)):
            fact = draw.choice(self.open_facts if pressed else self.facts)
            form = only or draw.choices(forms, weights)[0]
            question, answer = self.item(fact, form, lie, asserted=not pressed and draw.random() < asserting)
            if chat:
                pieces += [(f"User: {question}\nAssistant:", False), (answer, True), ("<eos>\n", False)]
            else:
                pieces += [(gap if position else "", False), (f"Q: {question}\nA:", False), (answer, True)]
        return pieces


def encode(tokenizer: Tokenizer, pieces: list[Piece]) -> tuple[list[int], list[bool]]:
    """Token ids with <bos>, and which of them are weighted."""
    ids, weighted = [tokenizer.bos], [False]
    for text, mark in pieces:
        tokens = tokenizer.encode(text)
        ids += tokens
        weighted += [mark] * len(tokens)
    return ids, weighted
