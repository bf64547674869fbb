"""Helpers for developing: set-up and schema steps."""
