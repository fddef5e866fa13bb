"""A coupon goes into a wallet."""
