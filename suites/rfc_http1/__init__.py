"""Cases of the HTTP/1.1 duties that ASGI hands to servers."""

#: Where this document stands among the others in lists and reports.
ORDER = 7
