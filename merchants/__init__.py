"""What merchants promise: stores, fences, offers and their budgets; the admin they work in."""
