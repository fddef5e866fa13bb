"""Exclusion zones: imported from files, and laid over fences."""
