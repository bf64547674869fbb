"""One leg of the papers' journey: its life, who holds it, its booking, and what carriers and scans say of it."""
