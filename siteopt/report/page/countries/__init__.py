"""Country outlines for the map: the data with their licence, and the script that made them."""
