"""What a till does with a coupon."""
