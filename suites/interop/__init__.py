"""Cases with real applications: the examples of the ASGI documents, and those of frameworks."""

#: Where this document stands among the others in lists and reports.
ORDER = 11
#: What holds that which an application sent against the documents, for judging a middleware by it.
SENT = "sent:found_in"
