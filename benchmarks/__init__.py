"""Measurements, run by `make bench`. Each measures us and a peer in one run and prints ratios."""
