"""What we owe somebody: owing it, taking it back, and whose it is."""
