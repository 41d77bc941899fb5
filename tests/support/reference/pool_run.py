"""A pool of language-model replicas, token by token: the plain twin of the kernel ``pool_run``.

One iteration at a time, one replica as one object, requests as they come. Nothing is skipped, so that it is slow and
easy to compare with the rules:

- an iteration gives every request that decodes one token and then reads waiting prompts, first come first served, up to
  ``chunk`` tokens, those of the decoding requests included; the last token of a prompt brings the first of its answer;
- a request is taken in while the batch has a place and the memory has room for all that it reads and writes;
- what arrives at the very moment an iteration ends is in the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any

MASK = 2**64 - 1


class Draws:
    """xorshift64* with the kernel's first state."""

    def __init__(self, seed: int) -> None:
        self.state = (seed * 2862933555777941757 + 3037000493) & MASK

    def below(self, n: int) -> int:
        self.state ^= self.state >> 12
        self.state = (self.state ^ (self.state << 25)) & MASK
        self.state ^= self.state >> 27
        return (((self.state * 2685821657736338717) & MASK) >> 11) % n


@dataclass(eq=False)
class Request:
    number: int
    arrival: float
    inputs: float
    outputs: int
    cached: float
    read: float = 0.0  # tokens of its prompt so far, without those in the cache
    written: int = 0
    first: float = inf
    done: float = inf

    @property
    def to_read(self) -> float:
        return self.inputs - self.cached

    @property
    def held(self) -> float:
        return self.inputs + self.outputs


@dataclass(eq=False)
class Replica:
    base: list[float]
    times: dict[str, float]
    waiting: list[Request] = field(default_factory=list)
    decoding: list[Request] = field(default_factory=list)
    ends: float = inf  # of the iteration under way
    begun: list[Request] = field(default_factory=list)  # whose prompts it reads
    tie: int = 0

    def seen(self, tokens: float) -> float:
        share = self.times["windowed"]
        return (1.0 - share) * tokens + share * min(tokens, self.times["window"])

    def context(self, request: Request) -> float:
        return self.seen(request.inputs + 1.0) + (request.written - 1) * self.times["growth"]

    def prompt_ms(self, request: Request, tokens: float) -> float:
        a = request.cached + request.read
        b = a + tokens
        pairs = b * self.seen(b) - a * self.seen(a)
        return self.times["prompt"] + self.times["token"] * tokens + self.times["pair"] * pairs

    def begin(self, now: float) -> None:
        """Begin an iteration, if there is anything to do."""
        self.begun = []
        batch, room = len(self.base) - 1, self.times["room"]
        ms = self.base[len(self.decoding)] + self.times["context"] * sum(map(self.context, self.decoding))
        left = max(self.times["chunk"] - len(self.decoding), 1.0)
        taken = list(self.decoding)
        for request in self.waiting:
            if left <= 0.0:
                break
            half_read = request.read > 0.0
            if not half_read and (
                len(taken) >= batch or (taken and sum(r.held for r in taken) + request.held > room)
            ):
                break
            taken.append(request)
            rest = request.to_read - request.read
            part = min(rest, left)
            ms += self.prompt_ms(request, part)
            request.read = request.to_read if part == rest else request.read + part
            left -= part
            self.begun.append(request)
        self.ends = now + ms if taken else inf

    def end(self) -> bool:
        """End the iteration; return whether an answer or a prompt ended."""
        changed = False
        for request in list(self.decoding):
            request.written += 1
            if request.written == request.outputs:
                request.done = self.ends
                self.decoding.remove(request)
                changed = True
        for request in self.begun:
            if request.read >= request.to_read:
                self.waiting.remove(request)
                request.first, request.written = self.ends, 1
                changed = True
                if request.outputs == 1:
                    request.done = self.ends
                else:
                    self.decoding.append(request)
        return changed

    @property
    def outstanding(self) -> int:
        return len(self.waiting) + len(self.decoding)

    @property
    def prefill(self) -> int:
        return sum(int(r.to_read) for r in self.waiting)


def run_pool(
    replicas: int,
    policy: str,
    base_ms: list[float],
    times: dict[str, float],
    requests: list[tuple[float, float, int]],
    cached_share: float,
    seed: int,
) -> list[tuple[float, float]]:
    """Run requests of (arrival, inputs, outputs); return when the first and the last token of each come, ms."""
    draws = Draws(seed)
    pool = [Replica(base_ms, times) for _ in range(replicas)]
    made = [Request(k, a, i, o, cached_share * i) for k, (a, i, o) in enumerate(requests)]

    def until(now: float) -> None:
        while (replica := min(pool, key=lambda r: r.ends)).ends < now:
            if replica.end():
                replica.tie = draws.below(4096)
            replica.begin(replica.ends)

    for request in made:
        until(request.arrival)
        replica = pool[_chosen(policy, pool, request.number, draws)]
        replica.waiting.append(request)
        replica.tie = draws.below(4096)
        if replica.ends == inf:
            replica.begin(request.arrival)
    until(inf)
    return [(request.first, request.done) for request in made]


def _chosen(policy: str, pool: list[Replica], number: int, draws: Draws) -> int:
    if policy == "round_robin":
        return number % len(pool)
    if policy == "random":
        return draws.below(len(pool))
    if policy == "two_choices" and len(pool) > 1:
        one, other = draws.below(len(pool)), draws.below(len(pool) - 1)
        other += other >= one
        return other if pool[other].outstanding < pool[one].outstanding else one

    def burden(k: int) -> Any:
        prefill = pool[k].prefill if policy == "least_prefill" else 0
        return prefill, pool[k].outstanding, pool[k].tie, k

    return min(range(len(pool)), key=burden)
