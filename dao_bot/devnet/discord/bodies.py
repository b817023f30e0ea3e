"""Request bodies: JSON, or multipart with `payload_json` and `files[n]`: `reference#uploading-files`."""

from __future__ import annotations

import re
from typing import Any

import orjson
from aiohttp import BodyPartReader, web

from dao_bot.devnet.discord.errors import ApiError
from dao_bot.devnet.discord.messages import Upload

_KEY = re.compile(r"files\[(\d+)\]")


async def read_body(request: web.Request) -> tuple[Any, list[Upload]]:
    """The JSON and the files.

    Raises:
        ApiError: 50109 when it is not JSON, 50035 when a file stands under another name.
    """
    if not request.can_read_body:
        return {}, []
    if not request.content_type.startswith("multipart/"):
        return _parse(await request.read()), []
    body: Any = {}
    uploads: list[Upload] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise ApiError(400, 50035, "Invalid Form Body")
        data = bytes(await part.read(decode=True))
        if part.name == "payload_json":
            body = _parse(data)
            continue
        key = _KEY.fullmatch(part.name or "")
        if key is None or not part.filename:
            raise ApiError(400, 50035, f"Invalid Form Body: a file under {part.name!r}, not files[n]")
        kind = part.headers.get("Content-Type", "application/octet-stream")
        uploads.append(Upload(key[1], part.filename, kind, data))
    return body, uploads


def _parse(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None
