"""Cases of the HTTP/2 duties that ASGI hands to servers."""

#: Where this document stands among the others in lists and reports.
ORDER = 8
