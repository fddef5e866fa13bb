"""What a shopper allows, and what is theirs: consents, pauses, copies, erasure."""
