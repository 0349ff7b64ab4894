"""How a tree of folders is to be read: which folders are splits, which are classes, and which are neither."""
