"""Corrections, for programs."""
