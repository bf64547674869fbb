"""Who may do what: API clients and their keys, staff, postal workers, permissions."""
