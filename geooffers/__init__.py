"""Geooffers: where a place, a promise and a person meet."""
