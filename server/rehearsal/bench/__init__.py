"""Measuring the running program beside its physical limits (``gongyuan bench``, 基准测试)."""
