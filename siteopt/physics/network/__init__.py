"""How far it is: the backbone, round trips over it, and the routes that they take."""
