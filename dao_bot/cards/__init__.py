"""What people see of a proposal: one model, shown in the terminal, as a page, and as JSON. Pure."""
