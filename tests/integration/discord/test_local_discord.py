"""The local Discord carries an unmodified discord.py, and refuses what Discord refuses."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from typing import Any

import discord
import pytest
from discord import app_commands

from dao_bot.devnet.discord.commands import Mistyped
from dao_bot.devnet.discord.errors import RateLimited
from dao_bot.devnet.discord.identity import Clock
from dao_bot.devnet.discord.interactions import Callback, NotAnswered
from dao_bot.devnet.discord.model import ChannelType, Overwrite
from dao_bot.devnet.discord.people import NotVisible
from dao_bot.devnet.discord.permissions import GOVERNANCE_BOT, NOTHING, Permission
from dao_bot.devnet.discord.rate_limits import RateLimits
from tests.integration.discord.kit import Client, connected, error_code, local_discord, play, until, wanted_intents

Answer = Callable[[discord.Interaction], Coroutine[Any, Any, None]]


class _Buttons(discord.ui.View):
    """One button for each answer, under its name."""

    def __init__(self, **answers: Answer) -> None:
        super().__init__(timeout=None)
        for name, answer in answers.items():
            button: discord.ui.Button[_Buttons] = discord.ui.Button(label=name, custom_id=name)
            button.callback = answer  # type: ignore[assignment, method-assign]  # the way to build one at run time
            self.add_item(button)


class _Reason(discord.ui.Modal, title="Reason"):
    why: discord.ui.TextInput[_Reason] = discord.ui.TextInput(label="Why", custom_id="why")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"because {self.why.value}", ephemeral=True)


def test_a_slash_command_with_options_and_suggestions_is_called_and_answered() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, alice = local.guild.add_channel("governance"), local.person("alice")
            client = Client(local)

            @client.tree.command(name="propose", description="Propose something", guild=client.guild_id)
            async def propose(interaction: discord.Interaction, title: str, amount: int = 0) -> None:
                await interaction.response.send_message(f"{interaction.user.name}: {title} {amount}")

            @propose.autocomplete("title")
            async def titles(_: discord.Interaction, so_far: str) -> list[app_commands.Choice[str]]:
                return [app_commands.Choice(name=f"{so_far}!", value=f"{so_far}!")]

            async with connected(local, client):
                answer = await alice.type("propose", channel, title="Grant", amount=5).answer()
                assert answer.content == "alice: Grant 5"
                offered = await alice.start_typing("propose", channel, "title", "Gr").suggestions()
                assert offered == [{"name": "Gr!", "value": "Gr!"}]
                with pytest.raises(Mistyped, match="needs title"):
                    alice.type("propose", channel)
                with pytest.raises(Mistyped, match="not registered"):
                    alice.type("vote", channel)

    play(scene)


def test_buttons_answer_edit_defer_and_open_dialogs() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, alice, bob = local.guild.add_channel("governance"), local.person("alice"), local.person("bob")
            client = Client(local)

            async def hidden(interaction: discord.Interaction) -> None:
                await interaction.response.send_message("secret", ephemeral=True)

            async def edited(interaction: discord.Interaction) -> None:
                await interaction.response.edit_message(content="edited")

            async def deferred(interaction: discord.Interaction) -> None:
                await interaction.response.defer(ephemeral=True, thinking=True)
                await interaction.edit_original_response(content="thought about it")
                await interaction.followup.send("and more", ephemeral=True)

            async def asked(interaction: discord.Interaction) -> None:
                await interaction.response.send_modal(_Reason())

            async with connected(local, client) as guild:
                place = guild.get_channel(int(channel.id))
                assert isinstance(place, discord.TextChannel)
                view = _Buttons(hidden=hidden, edited=edited, deferred=deferred, asked=asked)
                sent = await place.send("vote", view=view)
                message = local.messages.by_id[str(sent.id)]

                secret = await alice.click(message, "hidden").answer()
                assert secret.content == "secret"
                assert alice.sees(secret) and not bob.sees(secret)
                assert (await alice.click(message, "edited").answer()).content == "edited"
                thought = alice.click(message, "deferred")
                assert await thought.until_acknowledged() is Callback.DEFERRED_MESSAGE
                assert (await thought.answer()).content == "thought about it"
                await until(lambda: thought.followups)
                dialog = alice.click(message, "asked")
                await dialog.dialog()
                assert (await alice.submit(dialog, why="I can").answer()).content == "because I can"
                with pytest.raises(Mistyped, match="must be filled in"):
                    alice.submit(dialog)
                with pytest.raises(NotVisible):
                    bob.click(secret, "hidden")

    play(scene)


def test_an_answer_after_three_seconds_or_a_second_answer_is_refused() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, alice = local.guild.add_channel("governance"), local.person("alice")
            client, codes = Client(local), []

            async def late(interaction: discord.Interaction) -> None:
                local.clock.advance(3.1)
                codes.append(await error_code(interaction.response.send_message("too late")))

            async def twice(interaction: discord.Interaction) -> None:
                await interaction.response.send_message("once")
                interaction.response._response_type = None  # discord.py itself would not send it
                codes.append(await error_code(interaction.response.send_message("twice")))

            async with connected(local, client) as guild:
                place = guild.get_channel(int(channel.id))
                assert isinstance(place, discord.TextChannel)
                sent = await place.send("vote", view=_Buttons(late=late, twice=twice))
                message = local.messages.by_id[str(sent.id)]
                with pytest.raises(NotAnswered):
                    await alice.click(message, "late").until_acknowledged(within=0.5)
                await alice.click(message, "twice").answer()
                await until(lambda: len(codes) == 2)
                assert codes == [10062, 40060]

    play(scene)


def test_a_token_ends_after_fifteen_minutes() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, alice = local.guild.add_channel("governance"), local.person("alice")
            client, codes = Client(local), []

            @client.tree.command(name="wait", description="Wait", guild=client.guild_id)
            async def wait(interaction: discord.Interaction) -> None:
                await interaction.response.defer()
                local.clock.advance(15 * 60 + 1)
                codes.append(await error_code(interaction.followup.send("too late")))

            async with connected(local, client):
                await alice.type("wait", channel).until_acknowledged()
                await until(lambda: codes)
                assert codes == [50027]

    play(scene)


def test_what_happened_while_the_socket_was_down_comes_after_a_resume() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, alice = local.guild.add_channel("governance"), local.person("alice")
            client = Client(local)

            async def answer(interaction: discord.Interaction) -> None:
                await interaction.response.send_message("heard")

            async with connected(local, client) as guild:
                place = guild.get_channel(int(channel.id))
                assert isinstance(place, discord.TextChannel)
                sent = await place.send("vote", view=_Buttons(answer=answer))
                local.gateway.drop()
                missed = alice.click(local.messages.by_id[str(sent.id)], "answer")
                local.clock.advance(-20)  # a client that has to wait before it connects again would be too late
                assert (await missed.answer()).content == "heard"
                assert "RESUMED" in client.seen
                assert local.gateway.identifies == 1

    play(scene)


def test_an_invalid_session_is_begun_anew_and_a_request_to_reconnect_is_followed() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            client = Client(local)
            async with connected(local, client):
                local.gateway.ask_to_reconnect()
                await until(lambda: "RESUMED" in client.seen)
                local.gateway.invalidate(resumable=False)
                await until(lambda: client.seen.count("READY") == 2)
                assert local.gateway.identifies == 2

    play(scene)


def test_the_gateway_refuses_a_wrong_token_and_intents_that_are_not_switched_on() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            local.gateway.privileged_intents = 0
            with pytest.raises(discord.PrivilegedIntentsRequired):
                async with connected(local, Client(local)):
                    pass
            token, local.token = local.token, "another"
            with pytest.raises(discord.LoginFailure):
                client = Client(local)
                await client.login(token)
            await client.close()

    play(scene)


def test_a_forum_takes_posts_with_pictures_and_an_archived_one_takes_no_edit() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            forum, client = local.guild.add_channel("proposals", ChannelType.FORUM), Client(local)
            async with connected(local, client) as guild:
                place = guild.get_channel(int(forum.id))
                assert isinstance(place, discord.ForumChannel)
                embed = discord.Embed(title="Card").set_image(url="attachment://card.png")
                picture = discord.File(io.BytesIO(b"\x89PNG"), "card.png")
                thread, message = await place.create_thread(name="Proposal 1", embed=embed, file=picture)
                kept = local.messages.by_id[str(message.id)]
                assert [one.data for one in kept.attachments] == [b"\x89PNG"]
                assert thread.id == message.id
                await message.edit(content="changed")
                local.threads.archive(str(thread.id))
                assert await error_code(message.edit(content="again")) == 50083
                await thread.send("awake")
                await message.edit(content="again")
                assert await error_code(client.http.request(_route("POST", forum.id), json={"content": "x"})) == 50008

    play(scene)


def _route(method: str, channel_id: str) -> discord.http.Route:
    return discord.http.Route(method, "/channels/{channel_id}/messages", channel_id=channel_id)


def test_messages_are_held_to_their_limits() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, client = local.guild.add_channel("governance"), Client(local)

            async def no(interaction: discord.Interaction) -> None:
                raise AssertionError(interaction)

            async with connected(local, client) as guild:
                place = guild.get_channel(int(channel.id))
                assert isinstance(place, discord.TextChannel)
                local.rate_limits = RateLimits(_Rushing())
                long_embed = discord.Embed(title="t" * 257)
                many = [discord.Embed(description="d" * 3100) for _ in range(2)]
                same = _Buttons(yes=no)
                same.children[0].label = ""  # type: ignore[attr-defined]  # the only child is a button
                assert await error_code(place.send("c" * 2001)) == 50035
                assert await error_code(place.send("")) == 50006
                assert await error_code(place.send(embed=long_embed)) == 50035
                assert await error_code(place.send(embeds=many)) == 50035
                assert await error_code(place.send("x", view=same)) == 50035
                missing = discord.Embed().set_image(url="attachment://card.png")
                assert await error_code(place.send(embed=missing)) == 50035
                assert local.messages.in_channel(channel.id) == []

    play(scene)


class _Rushing(Clock):
    """Time for which every window is over at once."""

    def now(self) -> float:
        self.advance(60.0)
        return super().now()


def test_what_the_bot_may_not_do_is_refused_and_not_told() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, client = local.guild.add_channel("governance"), Client(local)
            steward = local.guild.add_role("steward")
            alice = local.person("alice")
            local.allow_bot(GOVERNANCE_BOT | Permission.VIEW_AUDIT_LOG)
            async with connected(local, client) as guild:
                place = guild.get_channel(int(channel.id))
                assert isinstance(place, discord.TextChannel)
                local.guild.give(alice.id, steward.id)
                await until(lambda: "GUILD_AUDIT_LOG_ENTRY_CREATE" in client.seen)
                local.allow_bot(Permission.VIEW_CHANNEL)
                assert await error_code(place.send(embed=discord.Embed(title="x"))) == 50013
                assert await error_code(place.webhooks()) == 50013
                told = client.seen.count("GUILD_AUDIT_LOG_ENTRY_CREATE")
                local.guild.take(alice.id, steward.id)
                await until(lambda: client.seen.count("GUILD_MEMBER_UPDATE") == 2)
                assert client.seen.count("GUILD_AUDIT_LOG_ENTRY_CREATE") == told
                hidden = Overwrite(local.guild.id, False, NOTHING, Permission.VIEW_CHANNEL)
                local.guild.overwrite(channel.id, hidden)
                assert await error_code(place.send("x")) == 50001
                with pytest.raises(NotVisible):
                    alice.type("inbox", channel)

    play(scene)


def test_who_is_pinged_is_known() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, client = local.guild.add_channel("governance"), Client(local)
            alice = local.person("alice")
            local.allow_bot(Permission.ADMINISTRATOR)
            async with connected(local, client) as guild:
                place = guild.get_channel(int(channel.id))
                assert isinstance(place, discord.TextChannel)
                text = f"@everyone {alice.mention} <@&{local.guild.id}>"
                await place.send(text, allowed_mentions=discord.AllowedMentions.none())
                assert local.messages.pinged == []
                await place.send(
                    text, allowed_mentions=discord.AllowedMentions(everyone=False, users=True, roles=False)
                )
                assert local.messages.pinged == [alice.id]
                await place.send(text)
                assert "everyone" in local.messages.pinged

    play(scene)


def test_a_429_and_a_5xx_are_waited_for_and_tried_again() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            channel, client = local.guild.add_channel("governance"), Client(local)
            async with connected(local, client) as guild:
                place = guild.get_channel(int(channel.id))
                assert isinstance(place, discord.TextChannel)
                local.faults.limit("POST", r"/channels/\d+/messages", 0.05, everywhere=True)
                await place.send("one")
                local.faults.fail("POST", r"/channels/\d+/messages", 502)
                await place.send("two")
                assert [one.content for one in local.messages.in_channel(channel.id)] == ["one", "two"]
                local.faults.fail("POST", r"/channels/\d+/messages", 502, after=True)
                await place.send("three")
                shown = [one.content for one in local.messages.in_channel(channel.id)]
                assert shown == ["one", "two", "three"], "the nonce holds what was posted although its answer was lost"

    play(scene)


def test_requests_beyond_a_bucket_or_fifty_a_second_are_refused_with_the_time_to_wait() -> None:
    clock = Clock()
    limits = RateLimits(clock)
    route = "/channels/{channel}/messages"
    for left in (4, 3, 2, 1, 0):
        assert limits.take("POST", route, {"channel": "1"})["X-RateLimit-Remaining"] == str(left)
    with pytest.raises(RateLimited) as refused:
        limits.take("POST", route, {"channel": "1"})
    assert 4.5 < refused.value.retry_after <= 5.0 and not refused.value.everywhere
    limits.take("POST", route, {"channel": "2"})
    clock.advance(5.0)
    limits.take("POST", route, {"channel": "1"})
    for number in range(49):
        limits.take("GET", "/channels/{channel}", {"channel": str(number)})
    with pytest.raises(RateLimited) as everywhere:
        limits.take("GET", "/channels/{channel}", {"channel": "x"})
    assert everywhere.value.everywhere
    assert limits.take("POST", "/interactions/{interaction}/{token}/callback", {}) == {}


def test_a_client_that_identifies_too_often_gets_an_invalid_session() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            local.gateway.identify_interval = 3600.0
            async with connected(local, Client(local)):
                pass
            client = Client(local)
            running = asyncio.create_task(client.start(local.token))
            await until(lambda: local.requests.count(("GET", "/users/@me")) == 2)
            await asyncio.sleep(0.2)
            assert local.gateway.identifies == 1
            local.gateway.identify_interval = 0.0
            await until(client.is_ready)
            await client.close()
            await asyncio.gather(running, return_exceptions=True)

    play(scene)


def test_without_the_members_intent_members_are_not_listed() -> None:
    async def scene() -> None:
        async with local_discord() as local:
            local.person("alice")
            async with connected(local, Client(local)) as guild:
                await until(lambda: len(guild.members) == 3)
            intents = wanted_intents()
            intents.members = False
            async with connected(local, Client(local, intents)) as guild:
                assert [member.name for member in guild.members] == ["dao-bot"]

    play(scene)
