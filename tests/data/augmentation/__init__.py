"""Tests of nncli.data.augmentation."""
