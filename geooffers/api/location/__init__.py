"""Where a phone is: reports, region events, regions to watch."""
