"""Carriers' hooks taken in: proved, stored durably, and only then answered; 64 at a time.

The web role is measured: reading what was stored is the work of the jobs role, which may run beside it.
"""

import base64
import json
from collections.abc import Iterator

from carriers.simulator.keys import KeyFiles, Sign, make_key_pair, signer_from
from tests.bench import limits
from tests.bench.bench import Bench, say
from tests.bench.load import post
from tests.bench.program import make_ready, serving, vnpost
from tests.bench.table import Figure, at_least

CONNECTIONS = 64
BARE_GOAL, COMMITS_GOAL = 0.4, 1.0
PATH = "/hooks/carriers/vnpost"
_BODIES = 200


def measure(bench: Bench) -> Iterator[Figure]:
    """Measure with the cheaper proof, on which the goals stand, and show the dearer one beside it."""
    keys = make_key_pair(bench.folder / "hook-keys")
    for engine in bench.engines:
        url = bench.new_database(engine, "hooks")
        make_ready(url)
        with limits.bare_server(b"{}") as bare:
            for scheme in ("rsa_verify", "rsa_decrypt"):
                say(f"hooks on {engine}, {scheme}")
                with serving(url, bench.folder / "hooks.log", settings=vnpost(keys, scheme)) as program:
                    yield from _measure(bench, engine, scheme, bodies(keys, scheme), bare=bare, port=program.port)


def bodies(keys: KeyFiles, scheme: str) -> list[bytes]:
    """Return proved hooks, each about an item of its own."""
    # Whoever sends holds the other half: VNPost encrypts with our public key, or signs with its own private one.
    sign = signer_from(keys.public if scheme == "rsa_decrypt" else keys.private)
    return [_body(sign, number) for number in range(_BODIES)]


def _measure(bench: Bench, engine: str, scheme: str, hooks: list[bytes], *, bare: int, port: int) -> Iterator[Figure]:
    to_program = [post(PATH, body) for body in hooks]
    to_bare = [post("/", body) for body in hooks]

    def send(port: int, requests: list[bytes]) -> float:
        outcome = bench.load.put_on(port, requests, connections=CONNECTIONS, seconds=bench.seconds)
        return outcome.require(200).per_second

    send(port, to_program)
    turns = bench.in_turns(
        {
            "bare": lambda: send(bare, to_bare),
            "hooks": lambda: send(port, to_program),
            "commits": lambda: bench.commits(engine),
        }
    )
    with_goal = scheme == "rsa_verify"
    for side, name, goal in (
        ("bare", "bare aiohttp POST", BARE_GOAL),
        ("commits", "one-row commits, one connection", COMMITS_GOAL),
    ):
        ratio = turns.ratio("hooks", side)
        yield Figure(
            name=f"carrier hook taken in, {scheme}",
            engine=engine,
            value=turns.median("hooks"),
            unit="/s",
            limit_or_peer=f"{name} {turns.median(side):,.0f}",
            **at_least(goal, ratio) if with_goal else {"ratio": round(ratio, 3)},
        )


def _body(sign: Sign, number: int) -> bytes:
    item, status, sent = f"EB{number:09d}VN", 6, "22/11/2026 08:30:00"
    entry = {
        "orderHdrId": f"{number:032x}",
        "originalId": f"{number:032x}",
        "itemCode": item,
        "originalItemCode": None,
        "saleOrderCode": f"HS-{number:012d}-P1",
        "status": status,
        "serviceCode": "ETN011",
        "codAmount": 0,
        "contentNote": "Hồ sơ hành chính",
    }
    signature = base64.b64encode(sign(f"MYVNP{sent}{item}{status}".encode())).decode()
    return json.dumps({"data": [entry], "sendDate": sent, "signature": signature}, ensure_ascii=False).encode()
