"""Outlines of countries for the map: data with its licence, and the script that made them."""
