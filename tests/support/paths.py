"""Where the repository keeps what tests read besides the package."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
EXAMPLES = ROOT / "examples"
KERNELS = ROOT / "ext"
#: Published instances and measurements, where they lie beside the checkout.
PUBLISHED = ROOT.parent / "shared" / "data"
