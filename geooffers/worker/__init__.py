"""What runs without a caller: the worker and its rounds, one file each."""
