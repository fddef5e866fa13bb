"""The periodic tasks, one a file. `timetable` says how often each runs."""
