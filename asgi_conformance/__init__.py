"""A conformance suite for ASGI servers: both ends of a server in one hand."""

__version__ = "0.1.0"
