"""dao-bot: a DAO's treasury run by rules that its stewards wrote, in steps that they can read."""
