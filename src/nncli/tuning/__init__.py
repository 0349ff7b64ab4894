"""Looking for better settings within a time budget (extra `tune`: optuna, imported in study.py alone).

search_space    what is tried: a few numbers and words  ->  a whole config
study           the trials, in a file that several processes can share and from which a killed search resumes
"""
