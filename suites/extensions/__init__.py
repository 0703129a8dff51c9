"""Cases of the common extensions."""

#: Where this document stands among the others in lists and reports.
ORDER = 6
