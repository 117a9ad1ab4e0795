"""Benchmarks: speed against others in the same run, as ratios; accuracy over seeds. ``python -m tests.benchmarks``."""
