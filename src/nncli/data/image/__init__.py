"""Everything that touches the bytes of an image file from a stranger."""
