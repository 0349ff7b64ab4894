"""The training loop over the five parts of `nncli.network`, and what steers it."""
