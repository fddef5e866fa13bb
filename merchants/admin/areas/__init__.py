"""Pages with a map: geofences, exclusion zones, the matching index."""
