"""Model files and run directories written by earlier versions, with the script that made them; see README.md."""
