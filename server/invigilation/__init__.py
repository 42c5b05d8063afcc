"""The wall, incidents (异常), interventions and violations (违纪)."""
