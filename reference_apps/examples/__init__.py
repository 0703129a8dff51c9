"""The examples of the ASGI documents as applications: standard library only, for asyncio and trio alike."""
