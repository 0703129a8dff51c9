"""What drives the wire: clients for HTTP/1.1, HTTP/2 and WebSocket that record every byte and hide nothing."""
