"""Tests of nncli; the folders mirror src/nncli."""
