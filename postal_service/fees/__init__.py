"""Money: fee rules, and what is due at which door."""
