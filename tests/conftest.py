"""What all tests share."""

import signal

pytest_plugins = ["pytester"]

# A shell that runs the tests in the background has them ignore SIGINT, and whatever they start would ignore it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
