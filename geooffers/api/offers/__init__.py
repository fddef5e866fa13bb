"""What a shopper may have and has: offers, coupons, passes."""
