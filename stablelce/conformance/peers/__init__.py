"""The state of the field: what audits of other implementations found, short, with the public reports of it.

`results` is the record's model, `threads` says where a failure has been reported, `summary` makes the
record from audits.
"""
