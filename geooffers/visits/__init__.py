"""Visits: which phones are in which fences, and the stays that result."""
