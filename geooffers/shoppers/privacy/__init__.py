"""Copies, erasure, and the tombstones that outlive a restored backup."""
