"""Tests of the developer programs."""
