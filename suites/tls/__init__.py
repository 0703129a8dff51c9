"""Cases of the TLS extension."""

#: Where this document stands among the others in lists and reports.
ORDER = 5
