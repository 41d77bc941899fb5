"""True optima of tiny scenarios, by enumeration of every plan."""
