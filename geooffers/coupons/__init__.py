"""Coupons: who may have which offer, issuing, redemption, the ledger."""
