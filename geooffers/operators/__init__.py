"""The platform's operators: what only they may open, and why."""
