from typing_extensions import disjoint_base

from siteopt._core.evaluate.evaluator import Evaluator

@disjoint_base
class Journal:
    def __init__(self, evaluator: Evaluator) -> None: ...
