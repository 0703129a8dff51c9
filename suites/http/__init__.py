"""Cases of the HTTP part of the HTTP and WebSocket message format."""

#: Where this document stands among the others in lists and reports.
ORDER = 2
