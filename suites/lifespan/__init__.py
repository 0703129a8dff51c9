"""Cases of the lifespan protocol."""

#: Where this document stands among the others in lists and reports.
ORDER = 4
