"""A shopper who is inside asks what they may have, and takes it."""
