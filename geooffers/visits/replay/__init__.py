"""A recorded phone through the visit engine, from files: no database, no clock. docs/replay.md shows it."""
