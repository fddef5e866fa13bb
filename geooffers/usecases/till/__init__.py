"""A coupon is shown at a till."""
