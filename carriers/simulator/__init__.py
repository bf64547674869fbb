"""A carrier to practise with: a real HTTP server that speaks a carrier's wire format from a seeded script.

`engine.py` decides what happens to each order, `faults.py` and `hooks.py` what goes wrong on the wire, a face (one module a
carrier) how it is said. A face knows its carrier's documents only, never our adapter: so that each checks the other.
"""
