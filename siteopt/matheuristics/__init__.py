"""Linear and mixed-integer programmes inside the search: flows, restricted masters, bounds that are partly exact."""
