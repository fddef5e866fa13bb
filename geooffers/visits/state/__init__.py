"""What is kept of a phone between two reports, as sealed bytes."""
