"""What this build was compiled from: a CRC of every kernel source, held against the tree by the tests."""

cdef extern from *:
    """
    #ifndef SITEOPT_SOURCE_CRC
    #error "build siteopt through setup.py, which defines SITEOPT_SOURCE_CRC"
    #endif
    """
    const unsigned int SITEOPT_SOURCE_CRC

SOURCE_CRC = SITEOPT_SOURCE_CRC
