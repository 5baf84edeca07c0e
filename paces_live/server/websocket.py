"""WebSockets: follow a stream, or send one."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from paces_live.errors import PacesError, ServerError, UsageError
from paces_live.match import Listener
from paces_live.render.json_lines import dumps
from paces_live.server import messages
from paces_live.server.backend import Backend
from paces_live.server.contribution import REATTACH_S, Contribution
from paces_live.server.messages import HEARTBEAT_S
from paces_live.server.stream import Subscription

SEND_S = 10.0
"""Time that a client has to take a message, seconds."""
HELLO_S = 10.0
"""Time that a client has to say hello, seconds."""
IDLE_S = 60.0
"""Longest time without sound or a message from a sender, seconds."""
FRAME_BYTES = 1 << 16
"""Size of the largest message, bytes."""
LOOK_S = 0.05
"""Time between two looks whether a worker has caught up, seconds."""
AGAIN_S = 5
"""Seconds after which a client that was refused may try again."""

NORMAL, GOING_AWAY, WRONG_MESSAGE, NOT_ALLOWED, TOO_BIG, FULL = 1000, 1001, 1003, 1008, 1009, 1013
_CODES = {"server.full": FULL, "server.too_large": TOO_BIG}


async def follow(socket: WebSocket, backend: Backend, listener: Listener) -> int:
    """Send the events of a stream and take the listener's target; return the code to close with."""
    stream = backend.stream(socket.path_params["id"])
    backend.check_room_to_follow()
    subscription = stream.subscribe(listener, HEARTBEAT_S)

    async def take() -> None:
        while True:
            await _aim(socket, subscription, await _text(socket))

    try:
        await _send(socket, stream.snapshot(listener)[1])
        await _first(_send_events(socket, subscription), take())
    finally:
        subscription.close()
    # That of the machine's own input begins again.
    return NORMAL if stream.state == "ended" and not stream.public else GOING_AWAY


async def send_audio(socket: WebSocket, backend: Backend) -> int:
    """Take the sound of a client, and send the events of the stream that it is; return the code to close with."""
    async with asyncio.timeout(HELLO_S):
        hello = messages.parse_hello(await _text(socket), backend.listener)
    contribution, resumed = await backend.contribute(hello)
    tenure = contribution.attach()
    try:
        await _send(socket, _welcome(contribution, resumed=resumed))
        await _first(
            _send_events(socket, contribution.subscription),
            _take_audio(socket, contribution),
            _idle(contribution),
            _replaced(tenure),
        )
    finally:
        contribution.detach(tenure)
    return NORMAL if contribution.stream.state == "ended" else GOING_AWAY


async def served(socket: WebSocket, conversation: Coroutine[Any, Any, int]) -> None:
    """Hold a conversation on an accepted socket; whatever goes wrong, the client hears why, and it ends."""
    error: PacesError | None = None
    code = NOT_ALLOWED
    try:
        code = await conversation
    except WebSocketDisconnect:
        return
    except UsageError as wrong:
        error, code = wrong, WRONG_MESSAGE
    except ServerError as refused:
        error, code = refused, _CODES.get(refused.code, NOT_ALLOWED)
    except TimeoutError:
        error = ServerError("nothing came for too long, or nothing was read", hint="connect again", code="server.idle")
    # A client that reads nothing does not hear why.
    with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        if error is not None:
            await _send(socket, messages.error_message(error, socket.url.path))
        async with asyncio.timeout(SEND_S):
            await socket.close(code, str(AGAIN_S) if code == FULL else None)


async def _first(*conversations: Coroutine[Any, Any, None]) -> None:
    """Wait for the first of several that ends, and end the others; raise what it raises."""
    tasks = [asyncio.create_task(one) for one in conversations]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _take_audio(socket: WebSocket, contribution: Contribution) -> None:
    """Take messages for ever."""
    while True:
        message = await _message(socket)
        contribution.heard += 1
        if message.get("bytes") is not None:
            contribution.put(message["bytes"])
        else:
            await _obey(socket, contribution, message["text"])
        # The sender notices by what it has buffered.
        while contribution.behind:
            await asyncio.sleep(LOOK_S)


async def _obey(socket: WebSocket, contribution: Contribution, text: str) -> None:
    record = messages.parse(text)
    match record.get("type"):
        case "gap":
            contribution.put_gap(messages.gap_frames(record))
        case "audio-stop":
            # The end comes as an event.
            contribution.finish()
        case _:
            await _aim(socket, contribution.subscription, text)


async def _idle(contribution: Contribution) -> None:
    """Wait until nothing has come for too long; a timer for each message would cost more than the message."""
    heard = -1
    while heard != contribution.heard:
        heard = contribution.heard
        await asyncio.sleep(IDLE_S)
    raise TimeoutError


async def _replaced(tenure: asyncio.Event) -> None:
    await tenure.wait()
    raise ServerError("the session goes on elsewhere", hint="close this connection", code="server.replaced")


async def _message(socket: WebSocket) -> Any:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    # Our own server refuses such a message unread. The servers of a cluster have another limit.
    if len(message.get("bytes") or message.get("text") or "") > FRAME_BYTES:
        raise ServerError("the message is too big", hint=f"send {FRAME_BYTES} bytes at most", code="server.too_large")
    return message


async def _text(socket: WebSocket) -> str:
    """Return the next message, which must be text."""
    text = (await _message(socket)).get("text")
    if text is None:
        raise UsageError("audio came before the hello", hint="send the hello to /v1/audio", code="usage.message")
    return str(text)


async def _aim(socket: WebSocket, subscription: Subscription, text: str) -> None:
    """Set the target that a message asks for, and answer."""
    try:
        messages.aim(subscription.listener, messages.parse(text))
    except UsageError as error:
        await _send(socket, messages.error_message(error))
        return
    subscription.stream.retarget()
    await _send(socket, messages.control_message(subscription.listener))
    subscription.again()


async def _send_events(socket: WebSocket, subscription: Subscription) -> None:
    """Send events, or heartbeats while nothing happens, until the subscription is closed."""
    stream, listener = subscription.stream, subscription.listener
    began = time.monotonic()
    async for given in subscription:
        if given is None:
            await _send(socket, messages.heartbeat_message(time.monotonic() - began))
        else:
            number, event = given
            await _send(socket, stream.line(number, event, listener))


async def _send(socket: WebSocket, text: str) -> None:
    async with asyncio.timeout(SEND_S):
        try:
            await socket.send_text(text)
        except RuntimeError:
            # What uvicorn raises if the connection was closed meanwhile, by a ping without an answer.
            raise WebSocketDisconnect from None


def _welcome(contribution: Contribution, *, resumed: bool) -> str:
    return dumps(
        {
            "type": "welcome",
            "stream": contribution.stream.id,
            "session": contribution.session,
            "resumed": resumed,
            "received": contribution.received,
            "heartbeat_ms": round(1000 * HEARTBEAT_S),
            "reattach_s": REATTACH_S,
            "frame_bytes": FRAME_BYTES,
        }
    )
