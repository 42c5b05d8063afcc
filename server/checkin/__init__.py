"""The gate (签到核验): face, invigilator and lot together."""
