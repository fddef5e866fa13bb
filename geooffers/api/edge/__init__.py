"""What holds for every call: how it is read, checked, refused, paged and answered."""
