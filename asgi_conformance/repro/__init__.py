"""A failed case as one file that needs no suite: recorded, written as an application and a client, and tried out."""
