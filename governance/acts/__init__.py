"""What people do, as it stands in the record: written once, read back, folded into what holds now."""
