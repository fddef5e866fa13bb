"""Operators see shoppers' data only when they have said why, for as long as that lasts, and every look is kept."""
