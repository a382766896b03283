"""Calls from and to Autobahn (https://autobahn.readthedocs.io) through a router.

interop.py IDLE PORT_OF_WEBSOCKET PORT_OF_RAWSOCKET UNIX_WEBSOCKET UNIX_RAWSOCKET    the test of the suite
interop.py serve   websocket|rawsocket PORT|PATH json|msgpack                   registers a procedure until it is killed
interop.py measure websocket|rawsocket PORT|PATH json|msgpack CALLS             calls that procedure, and prints the p50 in µs
"""

import asyncio
import statistics
import sys
import time

try:
    import msgpack  # noqa: F401
    from autobahn.asyncio.rawsocket import WampRawSocketClientFactory
    from autobahn.asyncio.wamp import ApplicationSession
    from autobahn.asyncio.websocket import WampWebSocketClientFactory
    from autobahn.exception import PayloadExceededError
    from autobahn.wamp.exception import ApplicationError
    from autobahn.wamp.serializer import JsonSerializer, MsgPackSerializer
    from autobahn.wamp.types import CallResult, ComponentConfig, PublishOptions, RegisterOptions
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(0)

ACKNOWLEDGE = PublishOptions(acknowledge=True)
VALUES = [
    None, True, 0, -1, 2**53, -(2**63), 2**64 - 1, 1.5, "", "größe \U0001f600", [], [1, [2, [3]]], {},
    {"a": {"b": [None]}}, b"", b"\x00\xff" * 100, "x" * 100_000,
]  # fmt: skip


async def join(framing, socket, serializer, realm="realm1"):
    """Returns a session as soon as it is open."""
    joined = asyncio.get_running_loop().create_future()

    class Session(ApplicationSession):
        def onConnect(self):
            self.join(realm)

        def onJoin(self, details):
            joined.set_result(self)

        def onLeave(self, details):
            if not joined.done():
                joined.set_exception(ApplicationError(details.reason))
            self.disconnect()

        def onDisconnect(self):
            self.gone.set_result(None)

        def onUserError(self, failure, message):
            pass

    session = Session(ComponentConfig(realm))
    session.gone = asyncio.get_running_loop().create_future()
    if framing == "websocket":
        url = "ws://localhost:9000/"
        factory = WampWebSocketClientFactory(lambda: session, url=url, serializers=[serializer()])
    else:
        factory = WampRawSocketClientFactory(lambda: session, serializer=serializer())
    loop = asyncio.get_running_loop()
    if isinstance(socket, int):
        await loop.create_connection(factory, "127.0.0.1", socket)
    else:
        await loop.create_unix_connection(factory, socket)
    return await joined


async def fails(awaitable, uri):
    """Returns the error of this name; it is a failure if there is none."""
    try:
        await awaitable
    except ApplicationError as error:
        assert error.error == uri, error
        return error
    except PayloadExceededError as error:
        assert uri == "wamp.error.payload_size_exceeded", error
        return error
    raise AssertionError(f"no {uri}")


def echo(*arguments, **keywords):
    return CallResult(*arguments, **keywords)


def fail(*arguments, **keywords):
    raise ApplicationError("com.example.failed", *arguments, why="because")


async def slow(seconds=0.05):
    await asyncio.sleep(seconds)


async def check(framing, socket, serializer, idle):
    callee, caller = [await join(framing, socket, serializer) for _ in range(2)]
    registration = await callee.register(echo, "com.example.echo")
    await callee.register(fail, "com.example.fail")
    result = await caller.call("com.example.echo", *VALUES, key=VALUES)
    assert list(result.results) == VALUES and result.kwresults == {"key": VALUES}, result
    calls = [fails(caller.call("com.example.fail", number), "com.example.failed") for number in range(100)]
    for number, error in enumerate(await asyncio.gather(*calls)):
        assert (error.args, error.kwargs) == ((number,), {"why": "because"}), error
    await callee.register(slow, "com.example.slow")
    given_up = caller.call("com.example.slow")
    given_up.cancel()
    await fails(caller.call("com.example.none"), "wamp.error.no_such_procedure")
    await fails(caller.register(echo, "com.example.echo"), "wamp.error.procedure_already_exists")
    await fails(caller.register(echo, "com..echo"), "wamp.error.invalid_uri")
    await asyncio.sleep(0.1)  # The late answer to the canceled call must do no harm.
    assert given_up.cancelled() and await caller.call("com.example.echo", 1) == 1
    for answer in [caller.subscribe(print, "com.example.topic"), caller.publish("com.example.topic", 1, options=ACKNOWLEDGE)]:
        assert "no broker" in str(await fails(answer, "wamp.error.feature_not_supported"))
    caller.publish("com.example.topic", 1)
    shared = await caller.register(echo, "com.example.shared", RegisterOptions(invoke="roundrobin"))
    await fails(callee.register(echo, "com.example.shared", RegisterOptions(invoke="roundrobin")), "wamp.error.procedure_already_exists")
    await shared.unregister()
    if serializer is MsgPackSerializer:
        await fails(caller.call("com.example.echo", {1: 2}), "wamp.error.invalid_argument")
    await fails(caller.call("com.example.echo", [0] * 300_000), "wamp.error.payload_size_exceeded")
    # Longer than the router waits for a silent client: one waits for a result, and one to be called.
    assert await caller.call("com.example.slow", 1.5 * idle) is None
    assert await caller.call("com.example.echo", 1) == 1
    await registration.unregister()
    await fails(caller.call("com.example.echo"), "wamp.error.no_such_procedure")
    await fails(join(framing, socket, serializer, "realm2"), "wamp.error.no_such_realm")
    for session in (callee, caller):
        session.leave()
        await session.gone
    print("good:", framing, socket, serializer.__name__)


async def serve(session):
    await session.register(echo, "com.example.echo")
    print("ready", flush=True)
    await session.gone


async def measure(session, calls):
    """Times one call after the other; the first tenth of them is not counted."""
    rtts = []
    for number in range(calls // 10 + calls):
        start = time.perf_counter_ns()
        await session.call("com.example.echo", number)
        rtts.append(time.perf_counter_ns() - start)
    print(statistics.median(rtts[calls // 10 :]) / 1000)
    session.leave()
    await session.gone


async def check_all(idle, websocket, rawsocket, *files):
    idle = float(idle)  # The idle timeout of the router, in seconds.
    for serializer in (JsonSerializer, MsgPackSerializer):
        await check("websocket", int(websocket), serializer, idle)
        await check("rawsocket", int(rawsocket), serializer, idle)
        await check("websocket", files[0], serializer, idle)
        await check("rawsocket", files[1], serializer, idle)


async def main():
    if sys.argv[1] not in ("serve", "measure"):
        return await asyncio.wait_for(check_all(*sys.argv[1:]), 60)
    role, framing, socket, serializer, *calls = sys.argv[1:]
    serializer = {"json": JsonSerializer, "msgpack": MsgPackSerializer}[serializer]
    session = await join(framing, int(socket) if socket.isdigit() else socket, serializer)
    await (serve(session) if role == "serve" else measure(session, *map(int, calls)))


asyncio.run(main())
