"""Channels and texts. Knows how to say a thing and how to send it, never when or to whom."""
