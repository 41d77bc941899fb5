"""Published and generated cases of capacitated facility location."""
