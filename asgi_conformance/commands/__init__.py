"""What the subcommands of ``asgi-conformance`` do; :mod:`asgi_conformance.cli` says how they are called."""
