"""Try what nobody would write: ``python benchmarks/fuzz.py [--loads N] [--solves N] [--signals N] [--seed S]``.

Loads are shipped examples with a few random edits: each is a scenario, or a ScenarioError that names its problems.
Solves are examples whose numbers are scaled at random, by all three methods: nobody's bound is above anybody's plan,
nobody calls infeasible what another one has a plan for, every plan verifies, and limits of time are kept. Signals are
sent to ``siteopt solve`` at random moments: it ends with the plan, or with one sentence. What fails is printed, with
the file that it is kept in; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import math
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import siteopt
from siteopt import InfeasibleError, NoPlanError, Plan, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[1] / "examples"
SMALL = ("hand-checked", "factory-campus")
ODD: tuple[Any, ...] = (
    *(None, True, "", " ", "x", "\x00", "é", "0", "1e3", [], {}, [[]], [None], {"id": 1}, 0, -1, 1, 0.5),
    *(1e-300, 5e-324, 1e300, -1e300, 2**63, -(2**70), math.inf, -math.inf, math.nan),
)
FACTORS = (0.0, 1e-6, 0.1, 0.5, 0.9, 1.1, 2.0, 10.0, 1e3, 1e6)
METHODS = ("auto", "milp", "search")
SECONDS = 1.0
#: Of what plans cost; what verification takes, and the interpreter's start, s.
TOLERANCE, APART, START = 1e-6, 2.0, 4.0
ENDINGS = (0, 3, 130)


class Fault(Exception):
    """What must not happen."""


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of everything in a document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def mutated(document: Any, rng: random.Random) -> Any:
    """A copy with a few random edits."""
    document = copy.deepcopy(document)
    for _ in range(rng.randint(1, 3)):
        every = list(places(document))
        if not every:
            break
        *parents, key = rng.choice(every)
        parent, edit = at(document, tuple(parents)), rng.randrange(5)
        if edit == 0:
            del parent[key]
        elif edit == 1 and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[key]))
        elif edit == 1:
            parent[f"{key}x"] = parent.pop(key)
        elif edit == 2:
            parent[key] = copy.deepcopy(at(document, rng.choice(every)[:1]))
        else:
            parent[key] = copy.deepcopy(rng.choice(ODD))
    return document


def scaled(document: Any, rng: random.Random) -> Any:
    """A copy with a few numbers multiplied."""
    document = copy.deepcopy(document)
    numbers = [p for p in places(document) if isinstance(at(document, p), int | float)]
    numbers = [p for p in numbers if not isinstance(at(document, p), bool) and p != ("schema_version",)]
    for *parents, key in rng.sample(numbers, rng.randint(1, 4)):
        parent = at(document, tuple(parents))
        value = parent[key] * rng.choice(FACTORS)
        parent[key] = round(value) if isinstance(parent[key], int) else value
    return document


def load(document: Any) -> str:
    """Load a document; how that ended."""
    began = time.perf_counter()
    try:
        siteopt.load_scenario(document)
    except ScenarioError as error:
        if not error.problems or not str(error):
            raise Fault("an error without a problem") from error
        ending = "refused"
    else:
        ending = "loaded"
    if time.perf_counter() - began > 2.0:
        raise Fault(f"loading took {time.perf_counter() - began:.1f} s")
    return ending


def solve(document: Any) -> str:
    """Solve a document by all methods; how that ended."""
    try:
        scenario = siteopt.load_scenario(document)
    except ScenarioError:
        return "refused"
    plans: list[Plan] = []
    impossible: list[str] = []
    for method in METHODS:
        began, busy = time.perf_counter(), time.process_time()
        try:
            plan = siteopt.solve(scenario, time_limit=SECONDS, gap=1e-4, method=method)
        except InfeasibleError:
            impossible.append(method)
        except NoPlanError:
            pass
        else:
            plans.append(plan)
            if siteopt.verify(scenario, plan):
                raise Fault(f"{method}: the plan does not verify")
        # Beside other load a solve takes longer, but not more of the processor.
        seconds = min(time.perf_counter() - began, time.process_time() - busy)
        if seconds > SECONDS + 1.0 + 0.02 * SECONDS + APART:
            raise Fault(f"{method}: {seconds:.1f} s with a limit of {SECONDS} s")
    if plans and impossible:
        raise Fault(f"infeasible says {', '.join(impossible)}, but there is a plan")
    for plan in plans:
        least = min(other.cost_usd for other in plans)
        spent = sum(abs(usd) for usd in plan.cost_lines.values())
        if plan.bound_usd is not None and plan.bound_usd > least + TOLERANCE * max(1.0, spent):
            raise Fault(f"a bound of {plan.bound_usd} USD above a plan of {least} USD")
    return "solved" if plans else "infeasible" if impossible else "no plan"


def interrupt(document: Any, rng: random.Random) -> str:
    """Send a signal to a solve at a random moment; how that ended."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "scenario.json", Path(folder) / "plan.json"
        path.write_text(json.dumps(document))
        command = [sys.executable, "-m", "siteopt", "solve", str(path), "--out", str(out), "--gap", "0"]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(rng.uniform(0.3, 3.0))
        run.send_signal(rng.choice((signal.SIGINT, signal.SIGTERM)))
        try:
            _, errors = run.communicate(timeout=START + APART)
        except subprocess.TimeoutExpired:
            run.kill()
            raise Fault("a signal did not end it") from None
        if run.returncode not in ENDINGS or "Traceback" in errors:
            raise Fault(f"exit code {run.returncode}: {errors[-300:]}")
        if run.returncode == 0 and not out.exists():
            raise Fault("exit code 0 without a plan")
        return f"exit code {run.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--loads", type=int, default=2_000)
    parser.add_argument("--solves", type=int, default=50)
    parser.add_argument("--signals", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, endings, faults = random.Random(args.seed), Counter[str](), 0
    small = [json.loads((EXAMPLES / name / "scenario.json").read_text()) for name in SMALL]
    germany = json.loads((EXAMPLES / "germany" / "scenario.json").read_text())
    kept = Path(tempfile.mkdtemp(prefix="fuzz-"))
    tasks = [("load", args.loads), ("solve", args.solves), ("signal", args.signals)]
    for kind, count in tasks:
        for n in range(count):
            base = rng.choice(small)
            document = {"load": mutated, "solve": scaled}.get(kind, lambda *_: germany)(base, rng)
            try:
                with contextlib.redirect_stderr(sys.stdout):
                    ending = {"load": load, "solve": solve}.get(kind, lambda d: interrupt(d, rng))(document)
            except Exception as error:
                faults += 1
                file = kept / f"{kind}-{args.seed}-{n}.json"
                file.write_text(json.dumps(document))
                print(f"{file}: {error}", flush=True)
                if not isinstance(error, Fault):
                    traceback.print_exc()
                continue
            endings[f"{kind}: {ending}"] += 1
    for ending, count in sorted(endings.items()):
        print(f"{ending:<24} {count}")
    print(f"{'faults':<24} {faults}")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
