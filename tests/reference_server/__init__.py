"""The reference server, over real sockets."""
