"""Tables that name images and their labels: csv and its relatives, jsonl, json of annotation tools, parquet."""
