"""A small, exact ASGI server: the specification in code, and the subject of the faults.

The parsers are those of :mod:`h11`, :mod:`h2`, :mod:`wsproto` and, for HTTP/3, :mod:`aioquic`; the event loop is
asyncio or trio, by :mod:`anyio`. A comment that consists of dotted words, such as ``http.disconnect.repeatable``,
names the requirement of the catalogue (``suites/*/requirements.toml``) that is met at that place.

It is for tests and examples, on loopback: nothing in it was built to face a network.

The rooms, from the wire to the application:

==================== =====================================================================================
``server``           listeners, signals, the orderly stop; ``workers`` is the same with several processes
``transport``        one socket: bytes in and out, waiting, closing; ``tls`` is the same over TLS
``connection``       which protocol a connection speaks
``http1``, ``http2`` connections: requests in, responses out
``quic_endpoint``    the UDP socket of HTTP/3, which needs ``--quic-port``; ``quic_transport`` is one connection on it
``http3``            connections that speak HTTP/3; ``quic`` is what is particular to :mod:`aioquic`
``streams``          one request on the wire; ``http1_stream``, ``http2_stream`` and ``http3_stream`` are the kinds
``multiplexed``      what the streams of HTTP/2 and HTTP/3 have in common
``pseudo``           what pseudo-headers say, in HTTP/2 and HTTP/3
``requests``         which requests are refused, and what the parts of a target are
``scope``            the scope of a call
``http_call``        the state machine of one HTTP call, the same over every HTTP version
``response_call``    the states of a response, and what may be sent in each
``websocket``        the state machine of one WebSocket call; ``websocket_wire`` is what it does on the wire
``handshake``        which requests are WebSocket handshakes; ``deflate`` is compression
``lifespan``         the lifespan call
``chunks``           which chunk sizes are refused
``events``           which events an application may send, as tables; ``checks`` are those of the values
``responses``        what HTTP demands of a response, whatever the application says
``extensions``       which extensions a call has, and the sending of files
``application``      loading an application and telling its style
``faults``           deliberate violations, for the tests of the suite; without ``--fault`` nothing of it is loaded
==================== =====================================================================================
"""

from __future__ import annotations

from .config import Config

__all__ = ["Config", "run"]


def run(config: Config) -> int:
    """Serve until a signal says stop.

    Args:
        config: What to serve, and where.

    Returns:
        The exit status: 0 after an orderly stop, 3 when the application could not start, 2 for a wrong configuration.
    """
    from .server import run as run_server

    return run_server(config)
