"""25 Nov 2026, 21:40: short enough for a column, and nobody takes the month for the day."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
