"""Event streams: the logs of one event of one contract, as columns, from a block on up to the pinned one."""
