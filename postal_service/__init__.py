"""Postal pickup and delivery for online administrative requests: see README.md and docs/ for the house."""
