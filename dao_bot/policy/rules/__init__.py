"""The rules that ship, one file each, found by the entry points `dao_bot.policy_rules`."""
