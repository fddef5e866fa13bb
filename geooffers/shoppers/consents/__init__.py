"""What a shopper allowed, in which words, and what law allows them."""
