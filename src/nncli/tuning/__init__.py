"""Looking for better settings within a time budget (extra `tune`: optuna, imported in study.py alone).

search_space    what is tried: a few numbers and words  ->  a whole config
study           what was tried: trials in a file that several processes can share, and that a killed search goes on with
"""
