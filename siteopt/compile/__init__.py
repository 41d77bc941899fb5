"""From scenario to instance: the network is routed, the serving model computed, admissible arcs are made."""

from siteopt.compile.instance import compile_instance
from siteopt.compile.variants import Variant, resolve_variants

__all__ = ["Variant", "compile_instance", "resolve_variants"]
