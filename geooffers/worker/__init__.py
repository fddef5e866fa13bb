"""What runs without a caller: the worker, its tasks (one file each), and the demo."""
