"""What makes a file no table."""


class TableFault(Exception):
    """A file is no table; its arguments are sentences, one for each thing that is wrong with it."""
