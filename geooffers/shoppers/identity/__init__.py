"""Phones, their tokens, and whose they are."""
