"""One module per provider, each a `Sender`."""
