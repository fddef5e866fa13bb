"""Who calls, how often, and whether the same call was answered before. It knows no HTTP: a consumer of a stream asks
here as the API does."""
