"""A phone says where it is, or asks what is near."""
