from siteopt._core.stopping import StopCheck
from siteopt.arrays import Floats

POLICIES: tuple[str, ...]

def run_pool(
    replicas: int,
    policy: str,
    base_ms: Floats,
    times: dict[str, float],
    arrival_ms: Floats,
    scale: float,
    input_tokens: Floats,
    output_tokens: Floats,
    cached_share: float,
    seed: int,
    stop: StopCheck,
    first_ms: Floats,
    done_ms: Floats,
) -> bool: ...
