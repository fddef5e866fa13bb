"""Redemptions: a coupon honoured at a till, what is refused there, and the check of the books."""
