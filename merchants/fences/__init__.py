"""Geofences as they are drawn, checked and changed."""
