"""A PostgreSQL cluster of our own for a test run: started on a free port as an unprivileged user, stopped and removed after.

Where the server's programs come from is `make setup`'s business; what can't be found is an error, never a skipped test.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoPostgresError(RuntimeError):
    """There are no server programs on this machine."""


def find_programs() -> Path:
    """Return the folder with `initdb` and `postgres`: the machine's newest, else the Python package's."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    folders += sorted(Path(sysconfig.get_path("purelib")).glob("*postgres*/**/bin"))
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresError("no PostgreSQL server programs found: run `make setup`")


def _unprivileged() -> dict[str, object]:
    """Return how to start a process as somebody else when we are root, whom the server refuses to serve."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NoPostgresError("running as root, and there is no other user to run the server as")


@contextmanager
def cluster(*, fsync: bool = False) -> Iterator[str]:
    """Run a cluster while the block runs; gives its URL without a database name."""
    programs = find_programs()
    identity = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="postal-pg-"))
    if "user" in identity:
        os.chown(folder, int(str(identity["user"])), int(str(identity["group"])))
    data = folder / "data"
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    common: dict[str, object] = {"cwd": folder, "env": environment, **identity}

    def run(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **common)  # type: ignore[call-overload]
        if done.returncode:
            raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr or done.stdout}")

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        run(str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n"
                f"max_connections = 200\nfsync = {'on' if fsync else 'off'}\n"
            )
        run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "start")
        try:
            yield f"postgres://postgres@127.0.0.1:{port}"
        finally:
            run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
