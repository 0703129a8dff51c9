"""The candidate: start the server under test, know when it is ready, hear what it says, and end it."""
