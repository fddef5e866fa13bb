"""A phone is registered, vouched for, signed in and out, and changes hands."""
