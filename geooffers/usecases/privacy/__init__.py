"""Consents and pauses, copies and erasure of what is a shopper's."""
