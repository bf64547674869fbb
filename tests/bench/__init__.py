"""Measurements: `make bench`. Every limit is measured beside the program, in the same run and in turns with it."""
