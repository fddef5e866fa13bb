"""The walk over every route as one merchant's people, looking for another's rows. What it finds it reports; the tests
say that it may find nothing, and that it does find what a careless page would show."""
