"""Coupons: issuing, codes, holdings, limits by phone, and the rows of wallet passes."""
