"""The proof by faults: every case can fail, and every violation of the reference server's is noticed."""
