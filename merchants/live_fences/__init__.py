"""The live fences and zones in every process: bases on disk, changes followed, attributes."""
