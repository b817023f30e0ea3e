"""Discord: where people see proposals, vote, approve and veto. The only place that imports discord.

The core is synchronous and knows nothing of this; everything of it is called in threads (`clerk`), and what is posted
is made from the record (`board`), so that a restart or an outage changes nothing but when it is posted.
"""
