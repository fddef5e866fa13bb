"""Shoppers, their devices, and what they consented to."""
