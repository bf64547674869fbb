"""One database, SQLite or PostgreSQL: opening it, transactions, plain SQL, migrations. Knows no room's tables."""
