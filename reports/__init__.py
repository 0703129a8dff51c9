"""Reports: pure functions of the results of runs, each a module with ``render(document, …)``.

They are found through the entry point group ``asgi_conformance.reports``, as a third party's report is. Everything
in a document that comes from a candidate is hostile; :mod:`.text` is the one place where it is made harmless.
"""
