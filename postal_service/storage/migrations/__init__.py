"""Schema steps, applied in order by `run.py migrate`. Additive only: see docs/adr."""
