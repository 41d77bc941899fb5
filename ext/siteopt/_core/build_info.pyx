"""Record of what this build was compiled from: a CRC of every kernel source, which the tests compare with the tree."""

cdef extern from *:
    """
    #ifndef SITEOPT_SOURCE_CRC
    #error "build siteopt through setup.py, which defines SITEOPT_SOURCE_CRC"
    #endif
    """
    const unsigned int SITEOPT_SOURCE_CRC

SOURCE_CRC = SITEOPT_SOURCE_CRC
