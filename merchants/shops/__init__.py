"""Merchants and stores: logos, cities, time zones."""
