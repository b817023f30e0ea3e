"""The investment policy as code: one file for each rule. Pure."""
