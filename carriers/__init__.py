"""One folder per carrier. Adapters translate; they know nothing of our requests, our tables or our messages."""
