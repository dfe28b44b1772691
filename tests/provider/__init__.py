"""Tests of opencode.provider."""
