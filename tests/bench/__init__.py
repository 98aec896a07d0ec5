"""Measurements, against limits. Not tests: nothing here is collected, and no test times anything."""
