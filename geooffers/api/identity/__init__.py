"""Who calls, and which phones are whose."""
