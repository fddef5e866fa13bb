"""Coupons: who may have which offer, issuing, holdings, wallet passes."""
