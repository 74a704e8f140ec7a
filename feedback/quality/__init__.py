"""The quality page: what reviews come to, summed, with plots, tables and what is behind each.

`filters` say which reviews; `sums` and `spending` ask the database; `rates` tells how sure rates
are; `over_time`, `side_by_side`, `recordings` and `headlines` make figures of them, by `measures`
and `periods`, with `charts` and `tables`; `rows` is the file of all reviews.
"""
