"""Simulated visit: a merchant watches a made-up shopper walk into a fence, and reads every step of the decision."""
