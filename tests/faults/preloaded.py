"""Loaded by the process that every other is forked from, after all the rest."""

import gc

gc.collect()
# A forked process that collects its garbage would touch, and so copy, everything it was born with.
gc.freeze()
