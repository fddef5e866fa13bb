"""Who works for a merchant, and the keys of their machines."""
