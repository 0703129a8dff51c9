"""Cases of the base specification of ASGI."""

#: Where this document stands among the others in lists and reports.
ORDER = 1
