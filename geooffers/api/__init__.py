"""HTTP in, HTTP out: one file per resource, its schemas beside it."""
