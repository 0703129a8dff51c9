"""Cases of the WebSocket duties that ASGI hands to servers."""

#: Where this document stands among the others in lists and reports.
ORDER = 9
