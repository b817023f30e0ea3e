"""A Discord on this machine: REST and gateway for an unmodified client, stricter than the original.

Every refusal names the page of Discord's documentation that it comes from, below https://docs.discord.com/developers/.
Nothing here imports a Discord library: what a client sends is held to the documentation, not to that client.
"""

from dao_bot.devnet.discord.interactions import UserInteraction
from dao_bot.devnet.discord.people import Person
from dao_bot.devnet.discord.permissions import GOVERNANCE_BOT, Permission
from dao_bot.devnet.discord.server import LocalDiscord

__all__ = ["GOVERNANCE_BOT", "LocalDiscord", "Permission", "Person", "UserInteraction"]
