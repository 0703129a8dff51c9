"""The command line: ``python -m asgi_conformance.reference_server module:attribute``."""

from __future__ import annotations

import argparse
import signal
import sys

from ..errors import ConformanceError
from . import log
from .config import Config


def parser() -> argparse.ArgumentParser:
    """The options, which are the fields of :class:`Config`."""
    options = argparse.ArgumentParser(
        prog="asgi-conformance serve",
        description="Serve an application with a small, exact ASGI server. It is for tests and examples, not for"
        " production, and listens on loopback.",
    )
    add = options.add_argument
    add("application", nargs="?", help="module:attribute")
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, help="the port to listen on; 0 lets the system choose (default: %(default)s)")
    add("--uds", metavar="PATH", help="listen on a unix socket")
    add("--quic-port", type=int, metavar="N", help="also serve HTTP/3 at this UDP port of --host; needs --certfile")
    add("--certfile", metavar="PEM", help="the certificate chain; turns TLS on")
    add("--keyfile", metavar="PEM", help="the private key, when it is not in the certificate file")
    add("--client-ca", metavar="PEM", help="ask for client certificates, and refuse those that this does not vouch for")
    add("--root-path", default="", help="where the application is mounted")
    add("--workers", type=int, default=1, help="how many processes serve the socket (default: %(default)s)")
    add("--backend", choices=["asyncio", "trio"], default="asyncio", help="the event loop (default: %(default)s)")
    add("--interface", choices=["auto", "asgi3", "asgi2"], default="auto", help="the application's style")
    add("--factory", action="store_true", help="the attribute is a function that makes the application")
    add("--lifespan", choices=["auto", "on", "off"], default="auto", help="whether lifespan is used, or required")
    add("--spec-minimal", action="store_true", help="no optional keys, no extensions, no spec_version, HTTP/1.1 only")
    add("--graceful-timeout", type=float, default=3.0, metavar="S", help="how long a stop waits for calls in progress")
    add("--keep-alive", type=float, default=60.0, metavar="S", help="how long a connection may idle; 0: for ever")
    add("--header-timeout", type=float, metavar="S", help="how long a request head may take (default: for ever)")
    add("--ws-max-size", type=int, default=16 * 1024 * 1024, metavar="N", help="the largest WebSocket message in bytes")
    add("--ws-ping-interval", type=float, default=20.0, metavar="S", help="how often WebSockets are pinged; 0: never")
    add("--ws-ping-timeout", type=float, default=20.0, metavar="S", help="how long a pong may take")
    add("--allow-public", action="store_true", help="allow addresses that other machines can reach")
    add("--fault", metavar="NAME", help=argparse.SUPPRESS)
    add("--list-faults", action="store_true", help=argparse.SUPPRESS)
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command line without the program's name, or None for that of the process.

    Returns:
        The exit status.
    """
    options = parser()
    given = vars(options.parse_args(arguments))
    if given.pop("list_faults"):
        from . import faults

        sys.stdout.write(faults.as_json())
        return 0
    if given["application"] is None:
        options.error("name the application as module:attribute")
    for never in ("keep_alive", "ws_ping_interval"):
        given[never] = given[never] or None
    log.set_up()
    try:
        if given["fault"]:
            from . import faults

            faults.activate(given["fault"])
        from . import run

        return run(Config(**given))
    except ConformanceError as error:
        log.logger.error("%s", error)
        return error.exit_code
    finally:  # a signal that comes when all is over changes nothing
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
