"""Durable work: what must happen after a commit is a row of the same commit, done by whoever claims it, never forgotten."""
